import { Hono } from "hono";
import { findUser } from "../entra/users.ts";
import type { World } from "../world.ts";
import { expireDeltaTokens } from "./delta.ts";
import type { StoredEvent } from "./event-record.ts";
import { eventId, parseEventId } from "./event-ids.ts";
import { calendarsOf, saveEvent } from "./mailbox.ts";

/** What happens to mailboxes from outside. Events are named by any of their ids. */
export function calendarControls(world: World): Hono {
  const app = new Hono();
  // The provider changes events for reasons that no user sees: a reminder fired, a response was counted.
  app.post("/events/:id/touch", (c) => {
    const found = anyEvent(world, c.req.param("id"));
    if (found === undefined) return c.json({ error: "no such event" }, 404);
    const { changeKey } = saveEvent(world, found.owner, found.event);
    return c.json({ changeKey, etag: `W/"${changeKey}"` });
  });
  // A move to the mailbox's other calendar gives the event another ordinary id.
  app.post("/events/:id/move", (c) => {
    const found = anyEvent(world, c.req.param("id"));
    if (found === undefined) return c.json({ error: "no such event" }, 404);
    const other = calendarsOf(found.owner).find(({ tag }) => tag !== found.event.calendar);
    const moved = saveEvent(world, found.owner, { ...found.event, calendar: other?.tag ?? found.event.calendar });
    return c.json({ id: eventId(moved, undefined, false), calendar_id: other?.id });
  });
  app.post("/delta/expire", (c) => {
    expireDeltaTokens(world);
    return c.json({ ok: true });
  });
  return app;
}

function anyEvent(world: World, id: string) {
  const { uid } = parseEventId(id);
  const found = world.store.list<StoredEvent>("event:").find(([key]) => key.endsWith(`:${uid}`));
  const owner = found && findUser(world, found[0].split(":")[1] ?? "");
  return found && owner && { event: found[1], owner };
}
