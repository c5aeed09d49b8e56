import { Hono, type Context } from "hono";
import * as z from "zod";
import { bodyOf, readBody } from "../bodies.ts";
import type { World } from "../world.ts";
import { changeAccount, findOrAddAccount } from "./accounts.ts";
import { GoogleApiError, googleApiErrorResponse } from "./api-errors.ts";
import { findCalendar } from "./calendar/calendars.ts";
import { findEvent, type Place } from "./calendar/event-lookup.ts";
import { etagOf, saveEvent } from "./calendar/event-record.ts";
import { eventResource } from "./calendar/event-shape.ts";
import { insertEvent } from "./calendar/event-writes.ts";
import { expireSyncTokens } from "./calendar/sync.ts";
import { addGoogleClient } from "./clients.ts";
import { GOOGLE_CLIENT_ID } from "./defaults.ts";
import { endGrant, listGrants, saveGrant, type GoogleGrant } from "./grants.ts";
import { rotateGoogleKeys } from "./keys.ts";
import { planRefusal } from "./planned-refusals.ts";
import { countRefreshTokens, expireGoogleTokens } from "./tokens.ts";
import { changeChannel } from "./youtube/channels.ts";
import { quotaLeft, setQuotaLeft } from "./youtube/quota.ts";

/** What happens at Google from outside, below `/_sandbox/google`. Grants are named by their person. */
export function googleControls(world: World): Hono {
  const app = new Hono().basePath("/_sandbox/google");
  app.onError((error, c) => {
    if (error instanceof GoogleApiError) return googleApiErrorResponse(error);
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
  app.post("/faults", async (c) => c.json(planRefusal(world, await json(c)), 201));
  app.route("/", productControls(world));
  return app;
}

function productControls(world: World): Hono {
  const app = new Hono();
  app.post("/calendars/:person/events", async (c) => {
    const { organizer, ...body } = invitationSchema.parse(await json(c));
    const write = { body, query: new URLSearchParams("conferenceDataVersion=1"), ifMatch: undefined };
    const place = placeOf(world, c);
    return c.json(eventResource(world, place, insertEvent(world, place, write, organizer)), 201);
  });
  app.post("/calendars/:person/events/:event/touch", (c) => {
    const place = placeOf(world, c);
    const event = saveEvent(world, place.account, findEvent(world, place, c.req.param("event")));
    return c.json({ etag: etagOf(event) });
  });
  app.post("/sync/expire", (c) => {
    expireSyncTokens(world);
    return c.json({ ok: true });
  });
  app.put("/users/:name/channel", async (c) =>
    c.json(changeChannel(world, findOrAddAccount(world, c.req.param("name")), await json(c))),
  );
  app.get("/quota", (c) => c.json({ left: quotaLeft(world, c.req.query("client_id") ?? GOOGLE_CLIENT_ID) }));
  app.post("/quota", async (c) => {
    const { left, client_id: clientId } = quotaSchema.parse(await json(c));
    setQuotaLeft(world, clientId, left);
    return c.json({ left: quotaLeft(world, clientId) });
  });
  return app;
}

const invitationSchema = z.looseObject({ organizer: z.email().optional() });
const quotaSchema = z.strictObject({
  left: z.number().int().nonnegative(),
  client_id: z.string().default(GOOGLE_CLIENT_ID),
});

function placeOf(world: World, c: Context): Place {
  const account = findOrAddAccount(world, c.req.param("person") ?? "");
  return { account, calendar: findCalendar(account, c.req.query("calendar") ?? "primary") };
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
