import type { Link, Touched, WindowContext } from "./delta-window.ts";
import { hasEdge, isAlive, memberId, type Relation } from "./edges.ts";
import type { Member } from "./generated-edges.ts";
import { userId } from "./object-ids.ts";

/** What delta says of an object: its state of now, or a tombstone. `minimal` leaves out what did not change. */
export function deltaObject(context: WindowContext, one: Touched, minimal: boolean): Record<string, unknown> {
  const { d, kind } = context;
  const death = d.dead(kind).get(one.index);
  const object = one.object ?? d.object(kind, one.index);
  if (death !== undefined)
    return { id: object.id, "@removed": { reason: death.state === "purged" ? "deleted" : "changed" } };
  const answer: Record<string, unknown> = { id: object.id };
  for (const name of context.names) {
    // What was never set is left out; what was set and cleared is null.
    if (object[name] === undefined || (minimal && !one.whole && !one.names.has(name))) continue;
    answer[name] = object[name];
  }
  return Object.assign(answer, managerLink(context, one), groupLinks(context, one));
}

function managerLink({ d, kind, asked }: WindowContext, { index, whole, managers }: Touched) {
  if (kind !== "user" || asked.select?.includes("manager") !== true || (!whole && managers === undefined)) return {};
  const entry = (manager: number) => ({ "@odata.type": typeName("user"), id: userId(d.t, manager) });
  const now = d.manager(index);
  if (now !== undefined) return { "manager@delta": [entry(now)] };
  const gone = [...(managers ?? [])].map((manager) => removed(entry(manager)));
  return gone.length === 0 ? {} : { "manager@delta": gone };
}

function groupLinks(context: WindowContext, { index, links }: Touched) {
  if (links.size === 0) return {};
  const named = (relation: Relation) => {
    const entries = [...links.values()].filter((link) => link.relation === relation);
    return entries.length === 0
      ? {}
      : { [`${relation}@delta`]: entries.map((link) => linkEntry(context, index, link)) };
  };
  return { ...named("members"), ...named("owners") };
}

function linkEntry({ d }: WindowContext, group: number, { relation, member, holds }: Link) {
  const entry = { "@odata.type": typeName(member.type), id: memberId(d, member) };
  return holds || (isAlive(d, member) && hasEdge(d, group, relation, member)) ? entry : removed(entry);
}

function removed(entry: Record<string, unknown>): Record<string, unknown> {
  return { ...entry, "@removed": { reason: "deleted" } };
}

/** The `@odata.type` of a kind of object. */
export function typeName(type: Member["type"]): string {
  return `#microsoft.graph.${type}`;
}
