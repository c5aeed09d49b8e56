import type { Directory } from "./directory.ts";
import {
  FIXED_OBJECTS,
  generatedOthers,
  generatedOwners,
  generatedUsersOf,
  memberKey,
  type Member,
  type MemberType,
} from "./generated-edges.ts";
import { objectId, indexOf } from "./object-ids.ts";
import { overlay, overlays, padded, putOverlay } from "./tenant.ts";

/** How an object belongs to a group. */
export type Relation = "members" | "owners";

/** Where a walk over a group's links stands: a place among the generated ones, or the last added one that was seen. */
export type Place = number | string;

/** Some links of a group, and where the next ones begin; without `next` there are no more. */
export interface Slice {
  members: Member[];
  next?: Place;
}

/** At most `most` of a group's living members or owners, from a place on. */
export function edgeSlice(
  d: Directory,
  group: number,
  relation: Relation,
  { from = 0, most }: { from?: Place; most: number },
): Slice {
  const changed = new Map(overlays<boolean>(d.world, d.t, relation, { prefix: `${padded(group)}:` }));
  const generated = generatedEdges(d, group, relation);
  const isGone = (member: Member) => changed.size > 0 && changed.get(`${padded(group)}:${memberKey(member)}`) === false;
  const members: Member[] = [];
  if (typeof from === "number") {
    for (let place = from; place < generated.size; place++) {
      const member = generated.at(place);
      if (member === undefined || isGone(member) || !isAlive(d, member)) continue;
      if (members.length >= most) return { members, next: place };
      members.push(member);
    }
  }
  let last = typeof from === "string" ? from : "";
  for (const [key, is] of changed) {
    const member = memberOfKey(key.slice(11));
    if (!is || key <= last || generated.has(member) || !isAlive(d, member)) continue;
    if (members.length >= most) return { members, next: last === "" ? generated.size : last };
    members.push(member);
    last = key;
  }
  return { members };
}

/** Every living member or owner of a group. */
export function allEdges(d: Directory, group: number, relation: Relation): Member[] {
  return edgeSlice(d, group, relation, { most: Infinity }).members;
}

/** Whether the link was made and not taken back, whatever became of its ends. */
export function hasEdge(d: Directory, group: number, relation: Relation, member: Member): boolean {
  const changed = overlay<boolean>(d.world, d.t, relation, `${padded(group)}:${memberKey(member)}`);
  return changed ?? generatedEdges(d, group, relation).has(member);
}

/** Makes a link, or takes it back. */
export function setEdge(
  d: Directory,
  group: number,
  { relation, member }: { relation: Relation; member: Member },
  is: boolean,
): void {
  putOverlay(d.world, d.t, relation, { key: `${padded(group)}:${memberKey(member)}`, value: is });
}

/** The living groups that an object is linked to, whether or not it lives itself. */
export function groupsOf(d: Directory, relation: Relation, member: Member): number[] {
  const groups = Array.from({ length: d.total("group") }, (_, index) => index);
  return groups.filter((group) => d.isLive("group", group) && hasEdge(d, group, relation, member));
}

/** Whether an object is there and not deleted. */
export function isAlive(d: Directory, { type, index }: Member): boolean {
  if (type === "servicePrincipal" || type === "orgContact") return index < FIXED_OBJECTS;
  return d.isLive(type, index);
}

/** The id of a member. */
export function memberId(d: Directory, { type, index }: Member): string {
  return objectId(d.t, type, index);
}

/** The object behind an id, whatever its type and whether or not it lives. */
export function findMember(d: Directory, id: string): Member | undefined {
  for (const type of MEMBER_TYPES) {
    const index = indexOf(d.t, type, id);
    if (index !== undefined && index < totalOf(d, type)) return { type, index };
  }
  return undefined;
}

/** What can be linked to a group. */
export const MEMBER_TYPES = [
  "user",
  "group",
  "device",
  "servicePrincipal",
  "orgContact",
] as const satisfies MemberType[];

function generatedEdges(d: Directory, group: number, relation: Relation) {
  const others = relation === "owners" ? generatedOwners(d.t, group) : generatedOthers(d.t, group);
  const users = relation === "owners" ? { size: 0, at: () => 0, has: () => false } : generatedUsersOf(d.t, group);
  const keys = new Set(others.map(memberKey));
  return {
    size: users.size + others.length,
    at: (place: number): Member | undefined =>
      place < users.size ? { type: "user", index: users.at(place) } : others[place - users.size],
    has: (member: Member) => (member.type === "user" && users.has(member.index)) || keys.has(memberKey(member)),
  };
}

function totalOf(d: Directory, type: MemberType): number {
  return type === "servicePrincipal" || type === "orgContact" ? FIXED_OBJECTS : d.total(type);
}

function memberOfKey(key: string): Member {
  const [type = "", index = ""] = key.split(":");
  return { type: type as MemberType, index: Number(index) };
}
