/** Mail accounts through OAuth: sign-in and disconnect of a mailbox, what a mail client logs in with, and how all stands. */
import { Hono } from "hono";
import * as z from "zod";
import { rfc3339 } from "../lib/clock.ts";
import { listHoldingsByProvider } from "./mail-status.ts";
import { MAILBOX_FEATURES } from "../connections/mail-links.ts";
import { mailRedirectUri } from "../connections/reauth.ts";
import { type MailSurface, surfaceNamed } from "../mail/surface.ts";
import { scopesAskedFor } from "../providers/asking.ts";
import { adminAnswer, isAdminAnswer } from "./admin-consent.ts";
import { optionalJson } from "./body.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { getAlone, limited, limitedByAddress, smallBody } from "./guards.ts";
import { askKeeper, connectionNamed, spend } from "./keeper.ts";
import { mailAccount } from "./mail-account.ts";
import { loginsOf } from "./mail-logins.ts";
import { address, mailbox } from "./mail-words.ts";
import { requirePrompt, words } from "./oauth-authorize.ts";
import { askerOf } from "./oauth-integrations.ts";
import { minTtl, purposeOf } from "./oauth-token.ts";
import { valid } from "./respond.ts";
import { beginSignIn, completeSignIn, SIGN_IN_FIELDS } from "./sign-in.ts";

/** The routes below `/api/oauth`. */
export function mailOauth() {
  const own = "own_connections";
  return new Hono<Hosted>({ strict: false })
    .get("/status", ...limited(own, "reads"), listHoldingsByProvider)
    .route("/mail-account", mailAccount())
    .post("/:surface/authorize", ...limited(own, "authorize"), smallBody, authorize)
    .get("/:surface/callback", getAlone, limitedByAddress("callback"), complete)
    .post("/:surface/disconnect", ...limited(own, "manage"), smallBody, disconnect)
    .get("/:surface/xoauth2", getAlone, ...limited("token_release", "tokens"), xoauth2);
}

const AuthorizeBody = z.strictObject({
  scopes: words,
  /** Beyond mail, such as `profile`. */
  features: words,
  connection: z.string().optional(),
  ...SIGN_IN_FIELDS,
});

/** POST /{surface}/authorize: asks for the mailbox, by IMAP and SMTP, and for what the body names besides. */
async function authorize(c: HostedContext): Promise<Response> {
  const surface = surfaceOf(c);
  const given = valid(AuthorizeBody, { ...c.req.query(), ...(await optionalJson(c)) });
  const { scopes, features = [], connection, ...fields } = given;
  const { config } = c.get("premises");
  const provider = c.get("system").provider(surface.connects);
  requirePrompt(provider, fields.prompt);
  const question = { policy: config.scopePolicy, provider, roles: c.get("caller").roles };
  return beginSignIn(c, {
    provider: provider.id,
    redirectUri: redirectUriOf(c, surface),
    scopes: scopesAskedFor(question, { scopes, features: [...MAILBOX_FEATURES, ...features] }),
    mail: true,
    ...(connection === undefined ? {} : { connection: connectionNamed(connection) }),
    policyVersion: config.scopePolicyVersion,
    fields,
  });
}

/** GET /{surface}/callback */
async function complete(c: HostedContext): Promise<Response> {
  const surface = surfaceOf(c);
  if (surface.name === "microsoft" && isAdminAnswer(c.req.query())) return adminAnswer(c, c.req.query());
  return completeSignIn(c, { provider: surface.connects, redirectUri: redirectUriOf(c, surface), mail: true });
}

const DisconnectBody = z.strictObject({ address: address.optional() });

/** POST /{surface}/disconnect */
async function disconnect(c: HostedContext): Promise<Response> {
  const { servers } = surfaceOf(c);
  const named = valid(DisconnectBody, { ...c.req.query(), ...(await optionalJson(c)) });
  const input = { servers, bucket: "manage", ...named, ...askerOf(c) } as const;
  return c.json(spend(c, await askKeeper(c, (keeper) => keeper.disconnectMail(input))));
}

const LoginQuery = z.strictObject({
  address: address.optional(),
  user: mailbox.optional(),
  min_ttl: minTtl,
});

/** GET /{surface}/xoauth2: what a mail client shows to the servers. */
async function xoauth2(c: HostedContext): Promise<Response> {
  const { servers } = surfaceOf(c);
  const { address: of, user, min_ttl: minTtlS } = valid(LoginQuery, c.req.query());
  const input = {
    servers,
    bucket: "tokens",
    address: of,
    user,
    roles: c.get("caller").roles,
    ...(minTtlS === undefined ? {} : { minTtlMs: minTtlS * 1000 }),
    purpose: purposeOf(c),
    ...askerOf(c),
  } as const;
  const token = spend(c, await askKeeper(c, (keeper) => keeper.mailToken(input)));
  const { grant } = token;
  if (grant.staleReason) c.get("log").warn("older token served", { failure: grant.staleReason });
  return c.json({
    address: token.address,
    username: token.username,
    connection: grant.connection,
    ...loginsOf(token),
    access_token: grant.accessToken,
    token_type: grant.tokenType,
    expires_at: grant.expiresAt === null ? null : rfc3339(grant.expiresAt),
    scopes: grant.scopes,
    ...(grant.staleReason === undefined ? {} : { stale_reason: grant.staleReason }),
  });
}

function surfaceOf(c: HostedContext): MailSurface {
  return surfaceNamed(c.req.param("surface"));
}

function redirectUriOf(c: HostedContext, surface: MailSurface): string {
  const { redirectUri } = c.get("system").provider(surface.connects);
  return mailRedirectUri(c.get("premises").config.publicUrl, surface.name, redirectUri);
}
