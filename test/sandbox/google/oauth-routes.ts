import { Hono, type Context } from "hono";
import { bodyOf } from "../bodies.ts";
import type { World } from "../world.ts";
import { authorizeGoogle } from "./authorize.ts";
import { authenticateGoogleClient } from "./client-authentication.ts";
import { googleDiscovery } from "./discovery.ts";
import { endGrant } from "./grants.ts";
import { googleCertificates } from "./keys.ts";
import { googleOAuthErrorResponse, GoogleOAuthError, NO_STORE } from "./oauth-errors.ts";
import { googleToken } from "./token.ts";
import { tokenInformation } from "./token-inspection.ts";
import { liveToken } from "./tokens.ts";
import { googleUserinfo } from "./userinfo.ts";

/** accounts.google.com */
export function accountsRoutes(world: World): Hono {
  const app = new Hono();
  app.get("/o/oauth2/v2/auth", (c) => authorizeGoogle(world, c));
  app.get("/.well-known/openid-configuration", (c) => googleDiscovery(world, new URL(c.req.url)));
  return app;
}

/** oauth2.googleapis.com */
export function tokenRoutes(world: World): Hono {
  const app = new Hono();
  app.post("/token", (c) =>
    answered(c, () => {
      const form = readForm(c.req.raw);
      return googleToken(world, authenticateGoogleClient(world, c.req.raw, form), form);
    }),
  );
  app.post("/revoke", (c) => answered(c, () => Promise.resolve(revoke(world, c.req.raw))));
  app.on(["GET", "POST"], "/tokeninfo", (c) => answered(c, () => tokenInformation(world, parametersOf(c.req.raw))));
  return app;
}

/** What of www.googleapis.com has to do with OpenID. */
export function openidRoutes(world: World): Hono {
  const app = new Hono();
  app.get("/oauth2/v3/certs", () => googleCertificates(world));
  app.on(["GET", "POST"], "/oauth2/v3/userinfo", (c) => googleUserinfo(world, c.req.raw));
  return app;
}

/** openidconnect.googleapis.com */
export function userinfoRoutes(world: World): Hono {
  return new Hono().on(["GET", "POST"], "/v1/userinfo", (c) => googleUserinfo(world, c.req.raw));
}

async function answered(c: Context, work: () => Promise<Record<string, unknown>>): Promise<Response> {
  try {
    return c.json(await work(), 200, NO_STORE);
  } catch (error) {
    if (!(error instanceof GoogleOAuthError)) throw error;
    return googleOAuthErrorResponse(error, c.req.header("Authorization") !== undefined);
  }
}

// A body that is no form has no parameters.
function readForm(request: Request): URLSearchParams {
  const type = request.headers.get("Content-Type") ?? "";
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type);
  const form = new URLSearchParams(isForm ? bodyOf(request) : "");
  const twice = [...form.keys()].find((name) => form.getAll(name).length > 1);
  if (twice === undefined) return form;
  throw new GoogleOAuthError("invalid_request", `OAuth 2 parameters can only have a single value: ${twice}`);
}

function parametersOf(request: Request): URLSearchParams {
  return new URLSearchParams([...new URL(request.url).searchParams, ...readForm(request)]);
}

// Unlike RFC 7009 wants it, a token that is not known or no longer good is refused. Either sort ends the whole grant.
function revoke(world: World, request: Request): Record<string, unknown> {
  const value = parametersOf(request).get("token") ?? "";
  if (value === "") throw new GoogleOAuthError("invalid_request", "Missing required parameter: token");
  const held = liveToken(world, value);
  if (held === undefined) throw new GoogleOAuthError("invalid_token", "Token expired or revoked");
  endGrant(world, held.grant);
  return {};
}
