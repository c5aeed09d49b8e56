import { Hono, type Context } from "hono";
import * as z from "zod";
import { bodyOf, readBody } from "../bodies.ts";
import type { World } from "../world.ts";
import { changeAccount, findOrAddAccount } from "./accounts.ts";
import { addGoogleClient } from "./clients.ts";
import { endGrant, listGrants, saveGrant, type GoogleGrant } from "./grants.ts";
import { rotateGoogleKeys } from "./keys.ts";
import { countRefreshTokens, expireGoogleTokens } from "./tokens.ts";

/** What happens at Google from outside, below `/_sandbox/google`. Grants are named by their person. */
export function googleControls(world: World): Hono {
  const app = new Hono().basePath("/_sandbox/google");
  app.onError((error, c) => {
    const wrong = error instanceof z.ZodError || error instanceof SyntaxError;
    return c.json({ error: wrong ? error.message : String(error.stack) }, wrong ? 400 : 500);
  });
  app.post("/clients", async (c) => c.json(addGoogleClient(world, await json(c)), 201));
  app.post("/keys/rotate", async (c) => {
    const { drop_old: dropOld } = z.strictObject({ drop_old: z.boolean().default(false) }).parse(await json(c));
    return c.json({ kids: await rotateGoogleKeys(world, dropOld) });
  });
  app.get("/users/:name", (c) => c.json(findOrAddAccount(world, c.req.param("name"))));
  app.patch("/users/:name", async (c) => c.json(changeAccount(world, c.req.param("name"), await json(c))));
  app.get("/grants", (c) =>
    c.json({ grants: listGrants(world, c.req.query("of")).map((grant) => shown(world, grant)) }),
  );
  app.post("/grants/:person/revoke", (c) => each(world, c, (grant) => endGrant(world, grant)));
  app.post("/grants/:person/end-session", (c) =>
    each(world, c, (grant) => void saveGrant(world, { ...grant, sessionEndedAt: world.now() })),
  );
  app.post("/grants/:person/expire", async (c) => {
    const { tokens } = expireSchema.parse(await json(c));
    return each(world, c, (grant) => void expireGoogleTokens(world, grant, KINDS[tokens]));
  });
  return app;
}

const expireSchema = z.strictObject({ tokens: z.enum(["access", "refresh", "both"]).default("access") });
const KINDS = { access: ["access"], refresh: ["refresh"], both: ["access", "refresh"] } as const;

function each(world: World, c: Context, change: (grant: GoogleGrant) => void): Response {
  const person = c.req.param("person") ?? "";
  const met = listGrants(world, person);
  if (met.length === 0) return c.json({ error: "no such grant" }, 404);
  for (const grant of met) change(grant);
  return c.json({ grants: listGrants(world, person).map((grant) => shown(world, grant)) });
}

function shown(world: World, grant: GoogleGrant) {
  const { clientId, person, scopes, consentedAt } = grant;
  return {
    client_id: clientId,
    person,
    scopes,
    consented_at: new Date(consentedAt).toISOString(),
    refresh_tokens: countRefreshTokens(world, grant),
  };
}

async function json(c: Context): Promise<unknown> {
  await readBody(c.req.raw);
  return JSON.parse(bodyOf(c.req.raw) || "{}");
}
