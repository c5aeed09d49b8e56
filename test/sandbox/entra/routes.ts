import { Hono, type Context } from "hono";
import { deleteCookie } from "hono/cookie";
import { CLIENT_ID } from "../defaults.ts";
import type { World } from "../world.ts";
import { adminConsent } from "./admin-consent.ts";
import { authorize } from "./authorize.ts";
import { findClient } from "./clients.ts";
import { discoveryDocument } from "./discovery.ts";
import { EntraError, tokenErrorResponse } from "./errors.ts";
import { publicKeys } from "./keys.ts";
import { findAudience } from "./tenants.ts";
import { token } from "./token.ts";

/** Microsoft Entra ID, v2.0 endpoints, under any tenant segment. */
export function entraRoutes(world: World): Hono {
  const app = new Hono();
  app.get("/:tenant/v2.0/.well-known/openid-configuration", (c) => discovery(world, c, c.req.param("tenant")));
  app.get("/:tenant/discovery/v2.0/keys", async (c) => c.json(await publicKeys(world, new URL(c.req.url).origin)));
  app.get("/:tenant/oauth2/v2.0/authorize", (c) => authorize(world, c, c.req.param("tenant")));
  app.all("/:tenant/oauth2/v2.0/token", (c) => token(world, c.req.raw, c.req.param("tenant")));
  app.on(["GET", "POST"], "/:tenant/oauth2/v2.0/logout", (c) => logout(world, c));
  app.get("/:tenant/v2.0/adminconsent", (c) => adminConsent(world, c, c.req.param("tenant"), true));
  app.get("/:tenant/adminconsent", (c) => adminConsent(world, c, c.req.param("tenant"), false));
  app.get("/error", (c) => c.text(`AADSTS${c.req.query("code") ?? ""}: this page explains error codes to people.`));
  return app;
}

function discovery(world: World, c: Context, segment: string): Response {
  const { origin } = new URL(c.req.url);
  try {
    const document = discoveryDocument(origin, segment, findAudience(world, segment));
    return c.json(document, 200, { "Cache-Control": "max-age=86400, private" });
  } catch (error) {
    if (error instanceof EntraError) return tokenErrorResponse(world, origin, error);
    throw error;
  }
}

// Only a registered redirect URI may be gone to afterwards; without one the browser stays on a page.
function logout(world: World, c: Context): Response {
  deleteCookie(c, "sandbox_session");
  const target = c.req.query("post_logout_redirect_uri");
  const client = findClient(world, c.req.query("client_id") ?? CLIENT_ID);
  if (target !== undefined && client?.redirect_uris.includes(target) === true) return c.redirect(target);
  return c.html("<!doctype html><title>Signed out</title><h1>You signed out of your account</h1>");
}
