/** POST /mail-account/verify: logs in for real, and says what failed and who can mend it. */
import { connect } from "cloudflare:sockets";
import * as z from "zod";
import { systemClock } from "../lib/clock.ts";
import { notValid } from "../lib/errors.ts";
import type { Bucket } from "../lib/limits.ts";
import type { MailCredentials } from "../mail/login.ts";
import { createResolver } from "../mail/verify/resolve.ts";
import { type MailVerification, verifyMail } from "../mail/verify/verify-mail.ts";
import { optionalJson } from "./body.ts";
import type { HostedContext } from "./context.ts";
import { askKeeper, spend } from "./keeper.ts";
import { address, mailbox } from "./mail-words.ts";
import { askerOf } from "./oauth-integrations.ts";
import { valid } from "./respond.ts";

const BOTH = ["imap", "smtp"] as const;

const VerifyBody = z.strictObject({
  address: address.optional(),
  user: mailbox.optional(),
  protocols: z
    .array(z.enum(BOTH, "expected imap or smtp"))
    .min(1)
    .max(2)
    .default([...BOTH]),
});

type Wanted = z.infer<typeof VerifyBody>;

/** Answers how each server took the account's login. A token that is refused is renewed once: it may have been taken back a moment ago. */
export async function verifyAccount(c: HostedContext): Promise<Response> {
  const wanted = valid(VerifyBody, { ...c.req.query(), ...(await optionalJson(c)) });
  let login = await credentials(c, wanted);
  let verdict = await tried(c, login, wanted);
  if (login.ticket !== undefined && isTokenRefused(verdict)) {
    const renewed = await credentials(c, wanted, login.ticket);
    if (renewed.ticket !== login.ticket) {
      login = renewed;
      verdict = await tried(c, login, wanted);
    }
  }
  await note(c, login, verdict);
  const { ok, imap, smtp } = verdict;
  return c.json({
    ok,
    address: login.address,
    username: login.username,
    auth_method: login.secret.kind,
    ...(imap ? { imap } : {}),
    ...(smtp ? { smtp } : {}),
  });
}

async function credentials(c: HostedContext, { address: of, user }: Wanted, rejected?: string) {
  // Counted once, however often it is tried.
  const bucket: Bucket | undefined = rejected === undefined ? "mail_verify" : undefined;
  const input = { address: of, user, rejected, bucket, roles: c.get("caller").roles, ...askerOf(c) };
  return spend(c, await askKeeper(c, (keeper) => keeper.mailCredentials(input)));
}

function tried(c: HostedContext, login: MailCredentials, { protocols }: Wanted): Promise<MailVerification> {
  const { config, sender } = c.get("premises");
  const { imap, smtp } = login.servers;
  const missing = protocols.filter((protocol) => !login.servers[protocol]);
  const message = "no server is known, or the grant does not cover it";
  if (missing.length > 0) throw notValid(missing.map((path) => ({ path, message })));
  const development = config.environment === "development";
  const ports = { connect, clock: systemClock, development, log: c.get("log"), resolves: createResolver(sender) };
  return verifyMail(ports, {
    ...(imap && protocols.includes("imap") ? { imap } : {}),
    ...(smtp && protocols.includes("smtp") ? { smtp } : {}),
    username: login.username,
    secret: login.secret,
  });
}

function isTokenRefused({ imap, smtp }: MailVerification): boolean {
  return [imap, smtp].some((result) => result?.ok === false && result.cause === "token_refused");
}

/** Logging in is a use of the mailbox, so the trail has it. */
async function note(
  c: HostedContext,
  { username, secret, connection, provider }: MailCredentials,
  verdict: MailVerification,
) {
  const { ok, imap, smtp } = verdict;
  const word = (result: typeof imap) => (result === undefined ? null : result.ok ? "ok" : result.cause);
  const detail = { mailbox: username, by: secret.kind, imap: word(imap), smtp: word(smtp) };
  const grant = connection && provider ? { connection, provider } : {};
  const event = { action: "mail_verify", outcome: ok ? "ok" : "failed", ...grant, ...askerOf(c), detail } as const;
  await askKeeper(c, (keeper) => keeper.note(event));
}
