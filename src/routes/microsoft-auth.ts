/** Microsoft sign-in: start, callback, profile. */
import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import type { CallbackAnswer } from "../connections/finish.ts";
import { redirectUriFor } from "../connections/reauth.ts";
import { FLOW_LIFE_MS } from "../connections/start.ts";
import { readState } from "../connections/state.ts";
import { readProfile } from "../graph/profile.ts";
import { rfc3339 } from "../lib/clock.ts";
import { randomBase64url, sha256 } from "../lib/digest.ts";
import { Failure, failure, unwrap } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { bindLog, type Hosted, type HostedContext } from "./context.ts";
import { limited, limitedByAddress } from "./guards.ts";
import { askKeeper, spend } from "./keeper.ts";
import { graphOf } from "./microsoft-graph.ts";
import type { System } from "./premises.ts";
import { invalid, valid } from "./respond.ts";

const PROVIDER = "microsoft";
const BUCKET = "authorize";

const Json = z.string().max(4_096).refine(isJsonObject, "expected a JSON object");

const StartQuery = z.object({
  mode: z.enum(["redirect", "json"], "expected redirect, or nothing").optional(),
  return_to: z.url("expected an absolute URL").max(2_048).optional(),
  login_hint: z.string().min(1).max(320).optional(),
  prompt: z.enum(["login", "none", "consent", "select_account"]).optional(),
  domain_hint: z.string().min(1).max(255).optional(),
  claims: Json.optional(),
});

/** The routes below `auth/microsoft`. */
export function microsoftAuth() {
  return new Hono<Hosted>({ strict: false })
    .get("/", ...limited("own_connections", BUCKET), begin)
    .get("/callback", limitedByAddress("callback"), complete)
    .get("/user", ...limited("own_connections", "profile"), profile);
}

async function begin(c: HostedContext): Promise<Response> {
  const { mode, return_to: returnTo, ...hints } = valid(StartQuery, c.req.query());
  requireReturnTo(c, returnTo);
  const secret = mode === "redirect" ? randomBase64url(32) : undefined;
  const input = {
    bucket: BUCKET,
    provider: PROVIDER,
    redirectUri: redirectUriOf(c.get("system")),
    returnTo,
    hints,
    browser: secret && (await sha256(secret)),
    actor: c.get("caller").subject,
    requestId: c.get("requestId"),
  } as const;
  const answer = await askKeeper(c, (keeper) => keeper.start(input));
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

async function complete(c: HostedContext): Promise<Response> {
  const query = c.req.query();
  if (query["state"] === undefined && query["admin_consent"] !== undefined) return adminAnswer(c, query);
  const system = c.get("system");
  const state = await readState(
    system.ring,
    { system: system.name, provider: PROVIDER, now: Date.now() },
    query["state"],
  );
  bindLog(c, { system: system.name, owner: state.owner });
  const secret = getCookie(c, cookieName(state.flow), "host");
  if (secret !== undefined) deleteCookie(c, cookieName(state.flow), COOKIE);
  const finished = unwrap(
    await system.keeper(state.owner).finish({
      flow: state.flow,
      redirectUri: state.redirectUri,
      browser: secret === undefined ? undefined : await sha256(secret),
      answer: answerIn(query),
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
      ...(secret === undefined ? { state: query["state"] } : {}),
    };
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
    return c.redirect(url.toString(), 302);
  }
  if (finished.failure) throw new Failure(finished.failure);
  return c.json({ connection: finished.connection });
}

/**
 * An administrator who followed `admin_consent_url` comes back here, without a state: Entra's page was not opened by a
 * sign-in of ours. Anybody can write this address, so it proves nothing and changes nothing; whether consent was given
 * shows at the next sign-in or refresh. Test the error first: `admin_consent=True` stands on a refusal too.
 */
function adminAnswer(c: HostedContext, query: Readonly<Record<string, string>>): Response {
  if (query["error"] !== undefined || query["admin_consent"]?.toLowerCase() !== "true")
    throw failure("consent_denied", "The administrator did not consent.", {
      extra: { mend: "admin" },
      reason: `admin consent: ${query["error"]?.slice(0, 64) ?? "not given"}`,
    });
  c.header("Cache-Control", "no-store");
  return c.json({ admin_consent: true });
}

/** RFC 6749 section 4.1.2: a code, or an error. Test the error first; Entra sends other parameters beside it. */
function answerIn(query: Readonly<Record<string, string>>): CallbackAnswer {
  const { error, error_description: description = "", error_subcode: subcode, code } = query;
  if (error !== undefined)
    return { refusal: { error, description, ...(subcode === undefined ? {} : { suberror: subcode }) } };
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

async function profile(c: HostedContext): Promise<Response> {
  return c.json(await readProfile(graphOf(c, "profile")));
}

function requireReturnTo(c: HostedContext, returnTo: string | undefined): void {
  if (returnTo === undefined) return;
  const { returnToOrigins, environment } = c.get("premises").config;
  const { protocol, username, password, origin } = new URL(returnTo);
  // A blob: URL has the origin of the page that made it, and what stands before an @ belongs to no origin.
  const plain = protocol === "https:" || (protocol === "http:" && environment === "development");
  if (!plain || username !== "" || password !== "")
    throw invalid([{ path: "return_to", message: "expected an https URL without a user name" }]);
  if (!returnToOrigins.includes(origin))
    throw invalid([{ path: "return_to", message: "its origin is not among RETURN_TO_ORIGINS" }]);
}

function isJsonObject(text: string): boolean {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function redirectUriOf(system: System): string {
  return redirectUriFor({ ...system, publicUrl: system.config.publicUrl }, system.provider(PROVIDER));
}
