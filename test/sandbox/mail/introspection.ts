import { Hono } from "hono";
import {
  GOOGLE_MAIL_SCOPE,
  INTROSPECTION_CLIENT_ID,
  INTROSPECTION_CLIENT_SECRET,
  OUTLOOK_RESOURCE,
} from "../defaults.ts";
import { findAccessToken, issuerOf, type AccessToken } from "../entra/access-tokens.ts";
import { fullScope } from "../entra/scopes.ts";
import { findUser, type User } from "../entra/users.ts";
import { findOrAddAccount } from "../google/accounts.ts";
import { GOOGLE_ISSUER } from "../google/defaults.ts";
import { liveToken } from "../google/tokens.ts";
import type { World } from "../world.ts";
import { mailboxOf, refusalOf, type Mailbox, type MailProtocol } from "./mailbox-access.ts";

/** What a token is good for (RFC 7662 section 2.2), and the mailbox of whoever it is for. */
interface Introspection {
  active: true;
  aud: string;
  scope: string;
  /** The mailbox's address; absent for an application's own token. */
  username?: string;
  exp: number;
  client_id: string;
  iss: string;
  token_type: "Bearer";
  mailbox?: Mailbox;
}

/**
 * Token introspection for mail servers (RFC 7662), of Entra's and Google's access tokens. The real providers have none: a
 * mail server of theirs looks into its own token. `?protocol=imap` or `smtp` answers for servers that read
 * nothing but `active`: false for every token that the provider's own server would refuse there.
 */
export function introspectionRoutes(world: World): Hono {
  const app = new Hono();
  app.post("/introspect", async (c) => {
    if (c.req.header("Authorization") !== BASIC)
      return c.json({ error: "invalid_client" }, 401, { "WWW-Authenticate": 'Basic realm="introspection"' });
    const token = new URLSearchParams(await c.req.text()).get("token");
    if (token === null || token === "") return c.json({ error: "invalid_request" }, 400);
    const { origin } = new URL(c.req.url);
    const found = ofEntra(world, token, origin) ?? ofGoogle(world, token);
    const protocol = c.req.query("protocol");
    if (protocol === undefined) return c.json(found ?? { active: false });
    if (protocol !== "imap" && protocol !== "smtp") return c.json({ error: "invalid_request" }, 400);
    return c.json(found === undefined ? { active: false } : loginAt(protocol, found));
  });
  return app;
}

const BASIC = `Basic ${btoa(`${INTROSPECTION_CLIENT_ID}:${INTROSPECTION_CLIENT_SECRET}`)}`;

function ofEntra(world: World, value: string, origin: string): Introspection | undefined {
  const token = findAccessToken(world, value);
  if (token === undefined || token.expiresAt <= world.now()) return undefined;
  const user = token.user === undefined ? undefined : findUser(world, token.user);
  if (isRevoked(token, user)) return undefined;
  return {
    active: true,
    aud: token.resource,
    scope: [...token.scopes, ...token.roles].map((name) => fullScope(token.resource, name)).join(" "),
    ...(user !== undefined && { username: user.mail ?? user.upn }),
    exp: Math.floor(token.expiresAt / 1000),
    client_id: token.clientId,
    iss: issuerOf(origin, token.tid),
    token_type: "Bearer",
    ...(user !== undefined && { mailbox: mailboxOf(world, user) }),
  };
}

function isRevoked({ issuedAt }: AccessToken, user: User | undefined): boolean {
  return user?.accessTokensValidFrom !== undefined && issuedAt <= user.accessTokensValidFrom;
}

// Google's tokens are for whatever their scopes say; `aud` is the application, as its tokeninfo has it.
function ofGoogle(world: World, value: string): Introspection | undefined {
  const token = liveToken(world, value, "access")?.token;
  if (token?.expiresAt === undefined || token.expiresAt === null) return undefined;
  const user = findUser(world, token.person);
  return {
    active: true,
    aud: token.clientId,
    scope: token.scopes.join(" "),
    username: findOrAddAccount(world, token.person).email,
    exp: Math.floor(token.expiresAt / 1000),
    client_id: token.clientId,
    iss: GOOGLE_ISSUER,
    token_type: "Bearer",
    // Whoever has no mailbox at Exchange has one here.
    ...(user !== undefined && { mailbox: mailboxOf(world, { ...user, mailbox: true }) }),
  };
}

const SCOPES = { imap: "IMAP.AccessAsUser.All", smtp: "SMTP.Send" } as const;

// Flat, for servers whose reader of JSON knows no objects inside.
function loginAt(
  protocol: MailProtocol,
  { mailbox, ...found }: Introspection,
): Omit<Introspection, "mailbox"> | Inactive {
  const scope = found.iss === GOOGLE_ISSUER ? GOOGLE_MAIL_SCOPE : fullScope(OUTLOOK_RESOURCE, SCOPES[protocol]);
  const fits = found.scope.split(" ").includes(scope);
  return fits && mailbox !== undefined && refusalOf(mailbox, protocol) === undefined ? found : { active: false };
}

interface Inactive {
  active: false;
}
