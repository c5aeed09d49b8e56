import type { World } from "../world.ts";
import { isoSeconds } from "./generated-users.ts";
import type { Directory, ObjectKind, Properties } from "./directory.ts";
import { byName } from "./filter.ts";
import { nextPage, placeOf, type ListQuery } from "./list-query.ts";
import { SHAPES } from "./properties.ts";
import { currentRevision } from "./tenant.ts";

/** A list's answer, the entries without their shape: by index. */
interface Found {
  indexes: [index: number, object: Properties][];
  next?: number;
}

/** `GET /users` and its like: one page. A page of a filter may be short, or empty, and still have a next one. */
export function listObjects(
  d: Directory,
  kind: ObjectKind,
  { query, select }: { query: ListQuery; select: string[] | undefined },
): Record<string, unknown> {
  const context = { world: d.world, t: d.t, kind };
  const at = Number(placeOf(context, query.url));
  const { indexes, next } = query.order === undefined ? inOrder(d, kind, query, at) : byDisplayName(d, kind, query, at);
  const names = select === undefined ? "" : `(${select.join(",")})`;
  return {
    "@odata.context": `${query.url.origin}/v1.0/$metadata#${kind}s${names}`,
    ...(query.count && at === 0 && { "@odata.count": countObjects(d, kind, query) }),
    ...(next !== undefined && { "@odata.nextLink": nextPage(context, query.url, next) }),
    value: indexes.map(([index, object]) => shaped(d, kind, { index, object, select, expand: query.expandManager })),
  };
}

/** How many objects of a kind pass a query. */
export function countObjects(d: Directory, kind: ObjectKind, query: Pick<ListQuery, "filter" | "search">): number {
  if (query.filter === undefined && query.search === undefined) return d.total(kind) - d.dead(kind).size;
  return d.range(kind, 0, d.total(kind)).filter((entry) => passes(d, query, entry)).length;
}

/** An object as a list or a read of its own answers it: what was never set is null here, and sign-in activity is left out. */
export function shaped(
  d: Directory,
  kind: ObjectKind,
  {
    index,
    object,
    select,
    expand,
  }: { index: number; object: Properties; select: string[] | undefined; expand?: string[] | undefined },
): Record<string, unknown> {
  const answer: Record<string, unknown> = {};
  for (const name of select ?? SHAPES[kind].defaults) answer[name] = object[name] ?? null;
  // Absent for who never signed in.
  if (select?.includes("signInActivity") === true) answer["signInActivity"] = d.signIn(index);
  const death = d.dead(kind).get(index);
  if (death !== undefined) answer["deletedDateTime"] = isoSeconds(death.at);
  // Selected or not, entries that were selected from have their id.
  answer["id"] = object.id;
  if (expand === undefined) return answer;
  const manager = d.manager(index);
  return manager === undefined ? answer : { ...answer, manager: linked(d, "user", manager, expand) };
}

/** An object at the end of a link, with its type and the selected or the usual properties. */
export function linked(
  d: Directory,
  kind: ObjectKind,
  index: number,
  select: readonly string[],
): Record<string, unknown> {
  const names = select.length === 0 ? undefined : select.filter((name) => SHAPES[kind].tracked.includes(name));
  const object = d.object(kind, index);
  return { "@odata.type": `#${SHAPES[kind].type}`, ...shaped(d, kind, { index, object, select: names }) };
}

function inOrder(d: Directory, kind: ObjectKind, query: ListQuery, from: number): Found {
  const wanted = query.filter?.ids?.flatMap((id) => d.indexOf(kind, id) ?? []);
  if (wanted !== undefined) {
    const live = wanted
      .filter((index) => d.isLive(kind, index))
      .map((index) => [index, d.object(kind, index)] as [number, Properties]);
    return {
      indexes: live.slice(from, from + query.size),
      ...(live.length > from + query.size && { next: from + query.size }),
    };
  }
  const total = d.total(kind);
  const indexes: Found["indexes"] = [];
  let at = from;
  // A filter that few objects pass must not make one page read them all.
  while (at < total && indexes.length < query.size && at - from < MOST_SCANNED) {
    const to = at + query.size - indexes.length;
    indexes.push(...d.range(kind, at, to).filter((entry) => passes(d, query, entry)));
    at = to;
  }
  return { indexes, ...(at < total && { next: at }) };
}

function byDisplayName(d: Directory, kind: ObjectKind, query: ListQuery, from: number): Found {
  const sorted = sortedIndexes(d, kind);
  const order = query.order === "desc" ? sorted.toReversed() : sorted;
  const indexes: Found["indexes"] = [];
  let at = from;
  for (; at < order.length && indexes.length < query.size; at++) {
    const index = order[at] ?? 0;
    const entry: [number, Properties] = [index, d.object(kind, index)];
    if (passes(d, query, entry)) indexes.push(entry);
  }
  return { indexes, ...(at < order.length && { next: at }) };
}

// Sorting is for all pages of a list at once: the order of the last list is remembered.
function sortedIndexes(d: Directory, kind: ObjectKind): number[] {
  const key = [d.t.id, d.t.createdAt, kind, currentRevision(d.world, d.t)].join(" ");
  const known = SORTED.get(d.world);
  if (known?.key === key) return known.indexes;
  const indexes = d
    .range(kind, 0, d.total(kind))
    .toSorted(([, a], [, b]) => byName(a, b))
    .map(([index]) => index);
  SORTED.set(d.world, { key, indexes });
  return indexes;
}

function passes(
  d: Directory,
  { filter, search }: Pick<ListQuery, "filter" | "search">,
  [index, object]: [number, Properties],
) {
  const whole = filter?.signIn === true ? { ...object, signInActivity: d.signIn(index) } : object;
  return filter?.test(whole) !== false && search?.(object) !== false;
}

const SORTED = new WeakMap<World, { key: string; indexes: number[] }>();
const MOST_SCANNED = 5000;
