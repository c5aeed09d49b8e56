import { fraction, permutation } from "./fraction.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** What can be a member or an owner of a group. */
export type MemberType = "user" | "group" | "device" | "servicePrincipal" | "orgContact";

/** An object at the far end of a link. */
export interface Member {
  type: MemberType;
  index: number;
}

/** How many service principals, and how many contacts, every tenant has. They never change. */
export const FIXED_OBJECTS = 20;

/** How many users a group has as generated: some have none, the first has a fifth of all, the rest are skewed. */
export function generatedUserCount(t: DirectoryTenant, group: number): number {
  if (group >= t.groups) return 0;
  const biggest = Math.min(Math.floor(t.users / 5), Math.ceil(t.memberships / 2));
  if (group === 0) return biggest;
  if (fraction(t.seed, "no-members", group) < 0.1) return 0;
  const mean = (t.memberships - biggest) / (0.9 * Math.max(1, t.groups - 1));
  // The mean of 4v³ over [0, 1) is one.
  return Math.min(t.users, Math.round(mean * 4 * fraction(t.seed, "members", group) ** 3));
}

/** The users of a group by their place, and whether one is among them, without listing any. */
export function generatedUsersOf(t: DirectoryTenant, group: number) {
  const { users, seed } = t;
  const size = generatedUserCount(t, group);
  const walk = permutation(users, fraction(seed, "first-member", group), fraction(seed, "member-step", group));
  return { size, at: walk.at, has: (index: number) => size > 0 && index < users && walk.placeOf(index) < size };
}

/** The other members of a group: groups (some in circles), devices, service principals and contacts. */
export function generatedOthers(t: DirectoryTenant, group: number): Member[] {
  const of = (what: string) => fraction(t.seed, `other-${what}`, group);
  if (group >= t.groups) return [];
  const others: Member[] = nestedGroups(t.groups, group).map((index) => ({ type: "group", index }));
  if (t.devices > 0 && of("devices") < 0.1)
    for (let at = 0; at < 3; at++)
      others.push({ type: "device", index: (Math.floor(of("device") * t.devices) + at) % t.devices });
  if (of("service") < 0.05)
    others.push({ type: "servicePrincipal", index: Math.floor(of("principal") * FIXED_OBJECTS) });
  if (of("contacts") < 0.05) others.push({ type: "orgContact", index: Math.floor(of("contact") * FIXED_OBJECTS) });
  return distinct(others);
}

/** The owners of a group: up to three users, now and then a service principal. */
export function generatedOwners(t: DirectoryTenant, group: number): Member[] {
  if (group >= t.groups || t.users === 0) return [];
  const of = (what: string) => fraction(t.seed, `owner-${what}`, group);
  const owners: Member[] = Array.from({ length: Math.floor(of("count") * 4) }, (_, at) => ({
    type: "user",
    index: Math.floor(of(`user${at}`) * t.users),
  }));
  if (of("service") < 0.05)
    owners.push({ type: "servicePrincipal", index: Math.floor(of("principal") * FIXED_OBJECTS) });
  return distinct(owners);
}

/** One spelling for a member. */
export function memberKey({ type, index }: Member): string {
  return `${type}:${String(index).padStart(10, "0")}`;
}

// Of every twenty groups, the third and the fourth are in each other; of the next three, each is in the one before.
function nestedGroups(groups: number, group: number): number[] {
  const place = group % 20;
  const nested = NESTING[place]?.map((other) => group - place + other) ?? [];
  return nested.filter((other) => other < groups);
}

const NESTING: Record<number, number[]> = { 2: [3], 3: [2], 4: [5], 5: [6], 6: [7, 4], 9: [10, 11], 11: [12] };

function distinct(members: readonly Member[]): Member[] {
  return [...new Map(members.map((member) => [memberKey(member), member])).values()];
}
