/** Microsoft sign-in: start, callback, profile. */
import { Hono } from "hono";
import * as z from "zod";
import { redirectUriFor } from "../connections/reauth.ts";
import { readProfile } from "../graph/profile.ts";
import { failure } from "../lib/errors.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { limited, limitedByAddress } from "./guards.ts";
import { graphOf } from "./microsoft-graph.ts";
import type { System } from "./premises.ts";
import { valid } from "./respond.ts";
import { beginSignIn, completeSignIn, SIGN_IN_FIELDS } from "./sign-in.ts";

const PROVIDER = "microsoft";

const StartQuery = z.object(SIGN_IN_FIELDS);

/** The routes below `auth/microsoft`. */
export function microsoftAuth() {
  return new Hono<Hosted>({ strict: false })
    .get("/", ...limited("own_connections", "authorize"), begin)
    .get("/callback", limitedByAddress("callback"), complete)
    .get("/user", ...limited("own_connections", "profile"), profile);
}

function begin(c: HostedContext): Promise<Response> {
  const fields = valid(StartQuery, c.req.query());
  const { scopePolicyVersion: policyVersion } = c.get("premises").config;
  return beginSignIn(c, { provider: PROVIDER, redirectUri: redirectUriOf(c.get("system")), policyVersion, fields });
}

async function complete(c: HostedContext): Promise<Response> {
  const query = c.req.query();
  if (query["state"] === undefined && query["admin_consent"] !== undefined) return adminAnswer(c, query);
  return completeSignIn(c, { provider: PROVIDER, redirectUri: redirectUriOf(c.get("system")) });
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

async function profile(c: HostedContext): Promise<Response> {
  return c.json(await readProfile(graphOf(c, "profile")));
}

function redirectUriOf(system: System): string {
  return redirectUriFor({ ...system, publicUrl: system.config.publicUrl }, system.provider(PROVIDER));
}
