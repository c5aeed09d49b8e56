/** Microsoft sign-in: start, callback, profile. */
import { Hono } from "hono";
import * as z from "zod";
import { redirectUriFor } from "../connections/reauth.ts";
import { readProfile } from "../graph/profile.ts";
import { adminAnswer, isAdminAnswer } from "./admin-consent.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { getAlone, limited, limitedByAddress } from "./guards.ts";
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
    .get("/callback", getAlone, limitedByAddress("callback"), complete)
    .get("/user", ...limited("own_connections", "profile"), profile);
}

function begin(c: HostedContext): Promise<Response> {
  const fields = valid(StartQuery, c.req.query());
  const { scopePolicyVersion: policyVersion } = c.get("premises").config;
  return beginSignIn(c, { provider: PROVIDER, redirectUri: redirectUriOf(c.get("system")), policyVersion, fields });
}

async function complete(c: HostedContext): Promise<Response> {
  const query = c.req.query();
  if (isAdminAnswer(query)) return adminAnswer(c, query);
  return completeSignIn(c, { provider: PROVIDER, redirectUri: redirectUriOf(c.get("system")) });
}

async function profile(c: HostedContext): Promise<Response> {
  return c.json(await readProfile(graphOf(c, "profile")));
}

function redirectUriOf(system: System): string {
  return redirectUriFor({ ...system, publicUrl: system.config.publicUrl }, system.provider(PROVIDER));
}
