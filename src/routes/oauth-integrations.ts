/** The owner's connections: list, show, refresh, sync, disconnect. */
import * as z from "zod";
import { rfc3339 } from "../lib/clock.ts";
import { FAILURES, type FailureData } from "../lib/errors.ts";
import { packCursor, unpackCursor } from "../lib/cursor.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { bindLog, type HostedContext } from "./context.ts";
import { askKeeper, spend, connectionNamed } from "./keeper.ts";
import { valid } from "./respond.ts";

const MOST = 100;

// Strict: an operator's `owner=`, left out in silence, would pass one's own connections off as another's.
const ListQuery = z.strictObject({
  limit: z
    .string()
    .transform(Number)
    .refine((limit) => Number.isInteger(limit) && limit >= 1 && limit <= MOST, `expected a number from 1 to ${MOST}`)
    .default(50),
  cursor: z.string().optional(),
  provider: z.string().optional(),
  status: z.enum(["active", "reauth_required"]).optional(),
});

const LIST = "integrations";
const Place = z.object({ at: z.string(), id: z.string() });

/** GET /integrations: a page of them. */
export async function listIntegrations(c: HostedContext): Promise<Response> {
  const { limit, cursor, provider, status } = valid(ListQuery, c.req.query());
  const all = spend(c, await askKeeper(c, (keeper) => keeper.integrations("reads")));
  const wanted = all.filter(
    (one) => (provider === undefined || one.provider === provider) && (status === undefined || one.status === status),
  );
  // An id stays where it stands in the order, whatever was connected since.
  const after = cursor === undefined ? undefined : unpackCursor(LIST, Place, cursor);
  const from = after === undefined ? 0 : wanted.findIndex((one) => isAfter(one, after));
  const page = from < 0 ? [] : wanted.slice(from, from + limit);
  const last = page.at(-1);
  const more = from >= 0 && from + limit < wanted.length;
  return c.json({
    integrations: page,
    next_cursor: more && last ? packCursor(LIST, { at: last.connected_at, id: last.id }) : null,
  });
}

function isAfter(one: { connected_at: string; id: string }, { at, id }: { at: string; id: string }): boolean {
  return one.connected_at < at || (one.connected_at === at && one.id > id);
}

/** GET /integrations/{id} */
export async function showIntegration(c: HostedContext): Promise<Response> {
  const id = connectionOf(c);
  return c.json(spend(c, await askKeeper(c, (keeper) => keeper.integration({ id, bucket: "reads" }))));
}

/** POST /integrations/{id}/refresh */
export async function refreshOne(c: HostedContext): Promise<Response> {
  const input = { id: connectionOf(c), bucket: "refresh", ...askerOf(c) } as const;
  return c.json(spend(c, await askKeeper(c, (keeper) => keeper.refreshNow(input))));
}

/** POST /integrations/sync: a result per connection, whatever became of the others. */
export async function syncAll(c: HostedContext): Promise<Response> {
  const results = spend(c, await askKeeper(c, (keeper) => keeper.sync({ bucket: "refresh", ...askerOf(c) })));
  return c.json({
    synced_at: rfc3339(Date.now()),
    results: results.map((result) =>
      result.outcome === "ok" ? result : { ...result, failure: inShort(result.failure) },
    ),
  });
}

/** A failure of one among several: as a problem, but for what belongs to the whole answer. */
function inShort({ code, detail, extra, retryAfterS }: FailureData) {
  const retry = retryAfterS === undefined ? {} : { retry_after: retryAfterS };
  return { code, detail, mend: FAILURES[code].mend, ...extra, ...retry };
}

/** DELETE /integrations/{id} */
export async function disconnectOne(c: HostedContext): Promise<Response> {
  const input = { id: connectionOf(c), bucket: "manage", ...askerOf(c) } as const;
  return c.json({ connection: spend(c, await askKeeper(c, (keeper) => keeper.disconnect(input))) });
}

/** DELETE /integrations: all of them, and everything else of the owner but the trail. */
export async function disconnectAll(c: HostedContext): Promise<Response> {
  const disconnected = spend(c, await askKeeper(c, (keeper) => keeper.erase({ bucket: "manage", ...askerOf(c) })));
  return c.json({ disconnected });
}

/** The connection in the path. An id that cannot be ours is as unknown as another owner's. */
export function connectionOf(c: HostedContext): ConnectionId {
  const id = connectionNamed(c.req.param("id"));
  bindLog(c, { connection: id });
  return id;
}

/** Who asks, for the trail. */
export function askerOf(c: HostedContext): { readonly actor: string; readonly requestId: string } {
  return { actor: c.get("caller").subject, requestId: c.get("requestId") };
}
