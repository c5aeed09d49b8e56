import * as z from "zod";
import { pack, unpack } from "../ids.ts";
import type { World } from "../world.ts";
import { readWindow } from "./calendar-view.ts";
import { GraphError } from "./errors.ts";
import { eventId } from "./event-ids.ts";
import type { EventQuery } from "./event-list.ts";
import type { StoredEvent } from "./event-record.ts";
import { eventEntity } from "./event-shape.ts";
import { instancesWithin, wholeEvent, type Window } from "./instances.ts";
import { latestRevision, listEvents, removedSince } from "./mailbox.ts";
import { linkWith, pageOf } from "./pages.ts";

/** What a link of a delta carries: the window is baked in, and later query options count for nothing. */
const tokenSchema = z.object({
  from: z.number(),
  to: z.number(),
  since: z.number(),
  until: z.number(),
  generation: z.number(),
  at: z.number(),
});
type Token = z.infer<typeof tokenSchema>;

const REFUSED = ["$select", "$expand", "$filter", "$orderby", "$search"];
const GENERATION = "delta-generation";

/** `GET calendarView/delta`: a full round, or what changed since the round whose link is followed. */
export function calendarViewDelta(world: World, tag: string, query: EventQuery): Record<string, unknown> {
  const { url, owner, preferences } = query;
  const refused = REFUSED.find((name) => url.searchParams.has(name));
  if (refused !== undefined)
    throw new GraphError(
      400,
      "ErrorInvalidUrlQuery",
      `The query parameter '${refused}' is not supported with change tracking.`,
    );
  const token = tokenOf(world, query);
  const changes = [...entities(world, tag, query, token), ...tombstones(world, query, token)];
  const { items, nextLink } = pageOf(changes.slice(token.at), new URL(url.origin), preferences.pageSize);
  const link = (name: string, next: Token) => linkWith(new URL(url.pathname, url.origin), { [name]: pack(next) });
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#Collection(microsoft.graph.event)`,
    value: items,
    ...(nextLink === undefined
      ? {
          "@odata.deltaLink": link("$deltatoken", {
            ...token,
            since: token.until,
            until: latestRevision(world, owner),
            at: 0,
          }),
        }
      : { "@odata.nextLink": link("$skiptoken", { ...token, at: token.at + items.length }) }),
  };
}

/** Makes every link that was given out expire. */
export function expireDeltaTokens(world: World): void {
  world.store.put(GENERATION, generation(world) + 1);
}

function tokenOf(world: World, { url, owner }: EventQuery): Token {
  const delta = url.searchParams.get("$deltatoken");
  const given = delta ?? url.searchParams.get("$skiptoken");
  const until = latestRevision(world, owner);
  if (given === null) return { ...readWindow(url), since: 0, until, generation: generation(world), at: 0 };
  const token = tokenSchema.safeParse(unpack(given));
  if (!token.success) throw new GraphError(400, "ErrorInvalidUrlQuery", "Badly formed token.");
  if (token.data.generation !== generation(world)) {
    throw new GraphError(
      410,
      "SyncStateNotFound",
      "The sync state generation is not found; generation numbers do not match. Please restart the full round.",
    );
  }
  return delta === null ? token.data : { ...token.data, until };
}

function entities(
  world: World,
  tag: string,
  { owner, preferences }: EventQuery,
  token: Token,
): Record<string, unknown>[] {
  const changed = listEvents(world, owner, tag).filter(({ revision }) => revision > token.since);
  return changed.flatMap((event) => {
    const inside = instancesWithin(event, token).map((instance) => eventEntity(owner, instance, preferences));
    const lost = event.cancelled
      .filter(() => token.since > 0)
      .map((date) => tombstone(event, date, preferences.immutableIds));
    if (inside.length > 0) return [...master(event, { owner, preferences }), ...inside, ...lost];
    // What changed outside the window looks deleted, although it is not; a first round does not mention it.
    return token.since > 0 ? [tombstone(event, undefined, preferences.immutableIds), ...lost] : [];
  });
}

function master(event: StoredEvent, { owner, preferences }: Pick<EventQuery, "owner" | "preferences">) {
  return event.fields.recurrence === null ? [] : [eventEntity(owner, wholeEvent(event), preferences)];
}

function tombstones(
  world: World,
  { owner, preferences }: EventQuery,
  { since }: Window & Token,
): Record<string, unknown>[] {
  if (since === 0) return [];
  return removedSince(world, owner, since).map((event) => tombstone(event, undefined, preferences.immutableIds));
}

function tombstone(
  event: { uid: string; calendar: string },
  date: string | undefined,
  immutable: boolean,
): Record<string, unknown> {
  return {
    "@odata.type": "#microsoft.graph.event",
    id: eventId(event, date, immutable),
    "@removed": { reason: "deleted" },
  };
}

function generation(world: World): number {
  return world.store.get<number>(GENERATION) ?? 0;
}
