/** Events to the application: what it was told, how far that has come, and telling it again. */
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import * as z from "zod";
import { redeliver } from "../connections/events/redeliver.ts";
import type { EventRecord } from "../db/companions.ts";
import { rfc3339 } from "../lib/clock.ts";
import { EVENT_TYPES } from "../lib/config-webhooks.ts";
import { packCursor, unpackCursor } from "../lib/cursor.ts";
import { failure } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { ConnectionId, Owner } from "../lib/ids.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { limited, smallBody } from "./guards.ts";
import { askObject, ownerOf } from "./keeper.ts";
import { givenIn, readerOf, recordReading } from "./record-reader.ts";
import { requireValid } from "./respond.ts";

const LIST = "events";
const PAGE = { usual: 50, most: 200 };

const Query = z.strictObject({
  owner: Owner.optional(),
  connection: ConnectionId.optional(),
  type: z.enum(EVENT_TYPES).optional(),
  state: z.enum(["pending", "delivered", "failed"]).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE.most).default(PAGE.usual),
  cursor: z.string().min(1).max(1_024).optional(),
});

const Place = z.strictObject({ at: z.number(), id: z.string() });

/** The routes below `oauth/events`. */
export function oauthEvents() {
  return new Hono<Hosted>({ strict: false })
    .get("/", ...limited("own_connections", "reads"), zValidator("query", Query, requireValid), async (c) =>
      c.json(await pageOf(c, c.req.valid("query"))),
    )
    .post("/:id/redeliver", ...limited("own_connections", "manage"), smallBody, async (c) => {
      const event = await tellAgain(c, c.req.param("id"));
      return c.json(describe(event), 202);
    });
}

async function pageOf(c: HostedContext, { owner, cursor, limit, ...filter }: z.infer<typeof Query>) {
  const after = cursor === undefined ? undefined : unpackCursor(LIST, Place, cursor);
  const reader = readerOf(c, owner);
  // One more than asked for says whether another page follows.
  const found = await c.get("system").events.page({ ...filter, owner: reader.owner, after, limit: limit + 1 });
  const page = found.slice(0, limit);
  await recordReading(c, reader, { what: "events", ...givenIn(filter), records: page.length });
  const last = page.at(-1);
  const more = found.length > limit && last;
  return {
    events: page.map(describe),
    next_cursor: more ? packCursor(LIST, { at: last.at, id: last.id }) : null,
  };
}

async function tellAgain(c: HostedContext, id: string): Promise<EventRecord> {
  const system = c.get("system");
  const event = await system.events.find(id);
  const isForeign = event?.owner !== ownerOf(c);
  if (!event || (isForeign && !c.get("caller").roles.includes("operator")))
    throw failure("not_found", "No such event.");
  const owner = Owner.parse(event.owner);
  await recordReading(c, { owner, isForeign }, { what: "event_redelivery", event: id });
  const again = await redeliver(system, event, Date.now());
  await askObject(() => system.keeper(owner).deliver());
  return again;
}

function describe({ id, at, owner, connection, type, state, body, deliveries }: EventRecord) {
  return {
    id,
    at: rfc3339(at),
    type,
    owner,
    connection,
    state,
    deliveries: Object.entries(deliveries).map(([endpoint, delivery]) => ({
      endpoint,
      state: delivery.state,
      attempts: delivery.attempts,
      next_attempt_at: delivery.nextAt === null ? null : rfc3339(delivery.nextAt),
      last_status: delivery.lastStatus,
      last_error: delivery.lastError,
    })),
    payload: parseJson(body),
  };
}
