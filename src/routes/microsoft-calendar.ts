/** The calendar of a connected Microsoft account. */
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";
import { createEvent } from "../calendar/create-event.ts";
import type { CursorSeal } from "../calendar/cursor.ts";
import { deleteEvent } from "../calendar/delete-event.ts";
import { getCalendars } from "../calendar/get-calendars.ts";
import { EventInput, EventPatch, GraphId } from "../calendar/input.ts";
import { listEvents } from "../calendar/list-events.ts";
import { ListQuery } from "../calendar/list-query.ts";
import { updateEvent } from "../calendar/update-event.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { open, seal } from "../lib/seal.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { requireFeature } from "./features.ts";
import { jsonBody, limited, smallBody } from "./guards.ts";
import { ownerOf } from "./keeper.ts";
import { graphOf, mailboxOf } from "./microsoft-graph.ts";
import { requireValid, valid } from "./respond.ts";

const WriteHeaders = z.object({
  "if-match": z.string().min(1).max(1_024).optional(),
  "idempotency-key": z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, "expected 1 to 255 printable ASCII characters")
    .optional(),
});

const Nothing = z.strictObject({});

const EventPath = z.object({ id: GraphId });

/** The routes below `calendar/microsoft`. */
export function microsoftCalendar() {
  const reads = requireFeature("microsoft", "calendar.read");
  const writes = requireFeature("microsoft", "calendar.write");
  const write = [...limited("own_connections", "events_write"), writes, connectionAlone] as const;
  const change = [
    ...write,
    zValidator("param", EventPath, requireValid),
    zValidator("header", WriteHeaders, requireValid),
  ] as const;
  return new Hono<Hosted>({ strict: false })
    .get("/", ...limited("own_connections", "calendar"), reads, async (c) =>
      c.json(await getCalendars(graphOf(c, "calendar"))),
    )
    .get("/events", ...limited("own_connections", "events_read"), reads, list)
    .post(
      "/events",
      ...write,
      zValidator("header", WriteHeaders, requireValid),
      jsonBody,
      zValidator("json", EventInput, requireValid),
      async (c) => {
        const idempotencyKey = c.req.valid("header")["idempotency-key"];
        const event = await createEvent(graphOf(c, "events_write"), c.req.valid("json"), { idempotencyKey });
        if (event.etag) c.header("ETag", event.etag);
        return c.json(event, 201);
      },
    )
    .on(
      ["PATCH", "PUT"],
      "/events/:id",
      ...change,
      jsonBody,
      zValidator("json", EventPatch, requireValid),
      async (c) => {
        const event = await updateEvent(graphOf(c, "events_write"), {
          id: c.req.valid("param").id,
          patch: c.req.valid("json"),
          ...ifMatch(c.req.valid("header")),
        });
        if (event.etag) c.header("ETag", event.etag);
        return c.json(event);
      },
    )
    .delete("/events/:id", ...change, smallBody, async (c) => {
      await deleteEvent(graphOf(c, "events_write"), c.req.valid("param").id, ifMatch(c.req.valid("header")));
      return c.body(null, 204);
    });
}

async function list(c: HostedContext): Promise<Response> {
  const { connection: _account, ...query } = c.req.query();
  const wanted = valid(ListQuery, query);
  const openMailbox = (connection?: ConnectionId) => mailboxOf(c, "events_read", connection);
  return c.json(await listEvents(openMailbox, cursorSeal(c), wanted));
}

/** A write that names an unknown parameter may mean something else than what would be done. */
const connectionAlone = createMiddleware<Hosted>(async (c, next) => {
  const { connection: _account, ...others } = c.req.query();
  valid(Nothing, others);
  await next();
});

function ifMatch(headers: z.infer<typeof WriteHeaders>): { ifMatch?: string } {
  const value = headers["if-match"];
  return value === undefined ? {} : { ifMatch: value };
}

/** Cursors open only for the same system and owner; which account they go on in stands inside. */
function cursorSeal(c: HostedContext): CursorSeal {
  const { ring, name } = c.get("system");
  const place = { system: name, owner: ownerOf(c), connection: "-", field: "events-cursor" };
  return { seal: (plain) => seal(ring, place, plain), open: (sealed) => open(ring, place, sealed) };
}
