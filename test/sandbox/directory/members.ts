import type { GraphContext } from "../graph/caller.ts";
import { GraphError } from "../graph/errors.ts";
import type { Directory } from "./directory.ts";
import { allEdges, edgeSlice, memberId, MEMBER_TYPES, type Place, type Relation } from "./edges.ts";
import { memberKey, type Member, type MemberType } from "./generated-edges.ts";
import { isEventual, nextPage, placeOf, readListQuery } from "./list-query.ts";
import { linked } from "./lists.ts";
import { mayRead, mayReadHidden, mayReadFixed } from "./permissions.ts";
import { SHAPES } from "./properties.ts";

/** What of a group's links is read; `cast` leaves one type. */
export interface MemberList {
  group: number;
  relation: Relation | "transitiveMembers";
  cast: string | undefined;
}

/** `GET /groups/{id}/members` and its like: objects of every type, each with as much as the caller may read of it. */
export function listMembers(d: Directory, c: GraphContext, list: MemberList): Record<string, unknown> {
  const { directory_page_size: usual } = d.world.settings();
  const query = readListQuery(c, { usual, most: 999 });
  const type = castType(c, list.cast);
  const unsupported =
    query.filter !== undefined ||
    query.search !== undefined ||
    query.order !== undefined ||
    query.expandManager !== undefined;
  if (unsupported)
    throw new GraphError(400, "Request_UnsupportedQuery", "The specified query is not supported on links of a group.");
  const select = readMemberSelect(query.url.searchParams.get("$select"));
  const context = { world: d.world, t: d.t, kind: "group" as const };
  const at = placeOf(context, query.url);
  const { members, next } = isHidden(d, c, list)
    ? { members: [] }
    : page(d, list, { type, from: at, size: query.size });
  return {
    "@odata.context": `${query.url.origin}/v1.0/$metadata#directoryObjects`,
    ...(query.count && at === 0 && { "@odata.count": everyMember(d, c, list, type).length }),
    ...(next !== undefined && { "@odata.nextLink": nextPage(context, query.url, next) }),
    value: members.map((member) => memberObject(d, c, member, select)),
  };
}

/** `GET /groups/{id}/members/$count`: needs the eventual index, and is plain text. */
export function countMembers(d: Directory, c: GraphContext, list: MemberList): Response {
  if (!isEventual(c)) throw new GraphError(400, "Request_BadRequest", "$count is not currently supported.");
  return new Response(String(everyMember(d, c, list, undefined).length), { headers: { "Content-Type": "text/plain" } });
}

function everyMember(d: Directory, c: GraphContext, list: MemberList, type: MemberType | undefined): Member[] {
  if (isHidden(d, c, list)) return [];
  return page(d, list, { type, from: 0, size: Infinity }).members;
}

function page(
  d: Directory,
  { group, relation }: MemberList,
  { type, from, size }: { type: MemberType | undefined; from: Place; size: number },
): { members: Member[]; next?: Place } {
  const fits = (member: Member) => type === undefined || member.type === type;
  if (relation === "transitiveMembers") {
    const all = closure(d, group).filter(fits);
    const start = Number(from);
    return { members: all.slice(start, start + size), ...(all.length > start + size && { next: start + size }) };
  }
  const members: Member[] = [];
  let next: Place | undefined = from;
  while (next !== undefined && members.length < size) {
    const slice = edgeSlice(d, group, relation, { from: next, most: size - members.length });
    members.push(...slice.members.filter(fits));
    next = slice.next;
  }
  return { members, ...(next !== undefined && { next }) };
}

// Groups in groups may go in circles: each is walked once, and none is a member of itself.
function closure(d: Directory, group: number): Member[] {
  const found = new Map<string, Member>();
  const waiting = [group];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    for (const member of allEdges(d, next, "members")) {
      if (found.has(memberKey(member)) || (member.type === "group" && member.index === group)) continue;
      found.set(memberKey(member), member);
      if (member.type === "group") waiting.push(member.index);
    }
  }
  return [...found.values()];
}

// Without a permission on its type, an object is no more than its type and id.
function memberObject(
  d: Directory,
  c: GraphContext,
  member: Member,
  select: readonly string[],
): Record<string, unknown> {
  const { type, index } = member;
  const bare = { "@odata.type": `#microsoft.graph.${type}`, id: memberId(d, member) };
  if (type === "servicePrincipal" || type === "orgContact")
    return mayReadFixed(c.var.caller, type) ? { ...bare, ...fixedObject(d, member, select) } : bare;
  return mayRead(c.var.caller, type) ? linked(d, type, index, select) : bare;
}

function fixedObject(d: Directory, { type, index }: Member, select: readonly string[]): Record<string, unknown> {
  const whole: Record<string, unknown> =
    type === "servicePrincipal"
      ? {
          displayName: `App ${index}`,
          appId: memberId(d, { type: "group", index: FIXED_APPS + index }),
          accountEnabled: true,
        }
      : { displayName: `Contact ${index}`, mail: `contact${index}@partner.example`, companyName: "Partner" };
  return Object.fromEntries(Object.entries(whole).filter(([name]) => select.length === 0 || select.includes(name)));
}

function isHidden(d: Directory, c: GraphContext, { group, relation }: MemberList): boolean {
  const hidden = d.object("group", group)["visibility"] === "HiddenMembership";
  return relation !== "owners" && hidden && !mayReadHidden(c.var.caller);
}

function castType(c: GraphContext, cast: string | undefined): MemberType | undefined {
  if (cast === undefined) return undefined;
  const type = MEMBER_TYPES.find((one) => cast.toLowerCase() === `microsoft.graph.${one}`.toLowerCase());
  if (type === undefined) throw new GraphError(400, "BadRequest", `Resource not found for the segment '${cast}'.`);
  if (!isEventual(c) || c.req.query("$count") !== "true")
    throw new GraphError(
      400,
      "Request_UnsupportedQuery",
      "OData casts need the header ConsistencyLevel: eventual and $count=true.",
    );
  return type;
}

function readMemberSelect(text: string | null): string[] {
  if (text === null) return [];
  const names = text.split(",").map((name) => name.trim());
  const known = new Set([...Object.values(SHAPES).flatMap(({ tracked }) => tracked), "appId"]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return names;
  const type = "microsoft.graph.directoryObject";
  throw new GraphError(
    400,
    "BadRequest",
    `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type '${type}'.`,
  );
}

const FIXED_APPS = 0x4000_0000;
