/** A sign-in, whichever surface it began on: its start, its end, and the browser in between. */
import { getConnInfo } from "hono/cloudflare-workers";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import type { CallbackAnswer } from "../connections/finish.ts";
import { FLOW_LIFE_MS, type StartInput } from "../connections/start.ts";
import { readState } from "../connections/state.ts";
import { rfc3339 } from "../lib/clock.ts";
import { randomBase64url, sha256 } from "../lib/digest.ts";
import { Failure, failure, unwrap, notValid } from "../lib/errors.ts";
import type { ProviderId } from "../lib/ids.ts";
import { parseJson } from "../lib/json.ts";
import { addressNetwork } from "./address-group.ts";
import { bindLog, type HostedContext } from "./context.ts";
import { askKeeper, spend } from "./keeper.ts";

const BUCKET = "authorize";

/** What a caller may say of how the sign-in is to look. */
export const SIGN_IN_FIELDS = {
  mode: z.enum(["redirect", "json"], "expected redirect, or nothing").optional(),
  return_to: z.url("expected an absolute URL").max(2_048).optional(),
  login_hint: z.string().min(1).max(320).optional(),
  prompt: z.enum(["login", "none", "consent", "select_account"]).optional(),
  domain_hint: z.string().min(1).max(255).optional(),
  claims: z.string().max(4_096).refine(isJsonObject, "expected a JSON object").optional(),
};

type SignInFields = { readonly [Name in keyof typeof SIGN_IN_FIELDS]?: z.infer<(typeof SIGN_IN_FIELDS)[Name]> };

/** What is to be signed in to. */
export type SignIn = Pick<
  StartInput,
  "provider" | "redirectUri" | "scopes" | "connection" | "policyVersion" | "mail"
> & {
  readonly fields: SignInFields;
};

/** Starts a sign-in: `{authorization_url, state, expires_at}`, or the browser is sent there itself. */
export async function beginSignIn(c: HostedContext, { fields, ...input }: SignIn): Promise<Response> {
  const { mode, return_to: returnTo, ...hints } = fields;
  requireReturnTo(c, returnTo);
  const secret = mode === "redirect" ? randomBase64url(32) : undefined;
  const browser = secret && (await sha256(secret));
  const { subject: actor, roles } = c.get("caller");
  const who = { actor, roles, requestId: c.get("requestId") };
  const answer = await askKeeper(c, (keeper) =>
    keeper.start({ ...input, ...who, bucket: BUCKET, returnTo, hints, browser }),
  );
  const started = spend(c, answer);
  if (secret === undefined) {
    return c.json({
      authorization_url: started.authorizationUrl,
      state: started.state,
      expires_at: rfc3339(started.expiresAt),
    });
  }
  setCookie(c, cookieName(started.flow), secret, { ...COOKIE, maxAge: FLOW_LIFE_MS / 1000 });
  return c.redirect(started.authorizationUrl, 302);
}

/** Lax: the provider sends the browser back by a top-level GET from another site. `__Host-`: nobody else's subdomain can set it. */
const COOKIE = { prefix: "host", path: "/", secure: true, httpOnly: true, sameSite: "Lax" } as const;

function cookieName(flow: string): string {
  return `latchkey-${flow}`;
}

/** Where a browser came back to, and from whom. */
export interface Callback {
  readonly provider: ProviderId;
  /** The address of this route, as the provider knows it. */
  readonly redirectUri: string;
  /** True where a mailbox is to be opened, and the answer says which was. */
  readonly mail?: boolean;
}

/** Finishes the sign-in that the browser comes back from. */
export async function completeSignIn(c: HostedContext, { provider, redirectUri, mail }: Callback): Promise<Response> {
  const query = c.req.query();
  const system = c.get("system");
  const state = await readState(system.ring, { system: system.name, provider, now: Date.now() }, query["state"]);
  // Surfaces share keepers and flows: what began on one ends there (RFC 9700 section 4.4.2.2).
  if (state.redirectUri !== redirectUri)
    throw failure("state_invalid", "This sign-in ends at another address. Start again.", {
      reason: "state: another redirect URI",
    });
  bindLog(c, { system: system.name, owner: state.owner });
  const secret = getCookie(c, cookieName(state.flow), "host");
  if (secret !== undefined) deleteCookie(c, cookieName(state.flow), COOKIE);
  const finished = unwrap(
    await system.keeper(state.owner).finish({
      flow: state.flow,
      redirectUri,
      browser: secret === undefined ? undefined : await sha256(secret),
      answer: answerIn(query),
      issuer: query["iss"],
      network: addressNetwork(getConnInfo(c).remote.address),
      requestId: c.get("requestId"),
    }),
  );
  if (finished.connection) bindLog(c, { connection: finished.connection.id });
  c.header("Cache-Control", "no-store");
  c.header("Referrer-Policy", "no-referrer");
  if (finished.returnTo !== undefined) {
    const url = new URL(finished.returnTo);
    const parameters = {
      ...outcomeOf(finished, c.get("requestId")),
      // Whether, and not which: an address is nothing for a URL.
      ...(mail && finished.connection ? { mail: finished.mailbox === undefined ? "not_granted" : "connected" } : {}),
      ...(secret === undefined ? { state: query["state"] } : {}),
    };
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
    return c.redirect(url.toString(), 302);
  }
  if (finished.failure) throw new Failure(finished.failure);
  const mailbox = finished.mailbox === undefined ? null : { address: finished.mailbox, auth_method: "oauth" };
  return c.json({ connection: finished.connection, ...(mail ? { mail_account: mailbox } : {}) });
}

/** Anybody can write the name of an error; it goes into the trail and the answer. */
const MOST_NAME = 128;

/** RFC 6749 section 4.1.2: a code, or an error. Test the error first; Entra sends other parameters beside it. */
function answerIn(query: Readonly<Record<string, string>>): CallbackAnswer {
  const { error, error_description: description = "", error_subcode: subcode, code } = query;
  if (error !== undefined)
    return {
      refusal: {
        error: error.slice(0, MOST_NAME),
        description,
        ...(subcode === undefined ? {} : { suberror: subcode }),
      },
    };
  return code === undefined || code === "" ? { nothing: true } : { code };
}

interface Ended {
  readonly connection?: { readonly id: string };
  readonly failure?: { readonly code: string; readonly extra?: { readonly reason?: string } };
}

/** What the application is told on `return_to`: a name, and nothing of the provider's words. */
function outcomeOf({ connection, failure: failed }: Ended, requestId: string) {
  if (failed) return { error: failed.code, reason: failed.extra?.reason, request_id: requestId };
  return { connection: connection?.id };
}

function requireReturnTo(c: HostedContext, returnTo: string | undefined): void {
  if (returnTo === undefined) return;
  const { returnToOrigins, environment } = c.get("premises").config;
  const { protocol, username, password, origin } = new URL(returnTo);
  // A blob: URL has the origin of the page that made it, and what stands before an @ belongs to no origin.
  const plain = protocol === "https:" || (protocol === "http:" && environment === "development");
  if (!plain || username !== "" || password !== "")
    throw notValid([{ path: "return_to", message: "expected an https URL without a user name" }]);
  if (!returnToOrigins.includes(origin))
    throw notValid([{ path: "return_to", message: "its origin is not among RETURN_TO_ORIGINS" }]);
}

function isJsonObject(text: string): boolean {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
