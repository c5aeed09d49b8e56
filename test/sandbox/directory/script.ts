import * as z from "zod";
import type { World } from "../world.ts";
import { applyChange } from "./changes.ts";
import { Directory, type ObjectKind } from "./directory.ts";
import { allEdges, hasEdge, memberId, type Relation } from "./edges.ts";
import { pick, randomFrom } from "./fraction.ts";
import type { Member } from "./generated-edges.ts";
import { groupId, objectId } from "./object-ids.ts";
import { currentRevision, type DirectoryTenant } from "./tenant.ts";
import { randomWorkloadChange } from "./workload-changes-random.ts";

const bodySchema = z.strictObject({ seed: z.number().int(), steps: z.number().int().nonnegative().max(100_000) });

type Change = { op: string } & Record<string, unknown>;
/** Makes the changes of a step as they would be posted; none when the tenant has nothing to do it to. */
type Maker = (d: Directory, random: () => number) => Change[];

/** Applies random changes of every kind, always the same for the same seed and the same tenant. Counts them by kind. */
export function runScript(world: World, t: DirectoryTenant, body: unknown) {
  const { seed, steps } = bodySchema.parse(body);
  const random = randomFrom(seed);
  const applied: Record<string, number> = {};
  for (let done = 0; done < steps; done++) {
    const d = new Directory(world, t);
    let changes: Change[] = [];
    for (let tries = 0; tries < TRIES && changes.length === 0; tries++) changes = pick(MAKERS, random())(d, random);
    for (const change of changes) {
      applyChange(d, change);
      applied[change.op] = (applied[change.op] ?? 0) + 1;
    }
  }
  return { revision: currentRevision(world, t), applied };
}

const userChange =
  (make: (id: string, random: () => number, d: Directory) => Change): Maker =>
  (d, random) => {
    const user = some(d, "user", random);
    return user === undefined ? [] : [make(objectId(d.t, "user", user), random, d)];
  };

const addLink =
  (relation: Relation): Maker =>
  (d, random) => {
    const group = some(d, "group", random);
    const type =
      relation === "owners"
        ? "user"
        : pick(["user", "user", "user", "group", "device", "servicePrincipal"] as const, random());
    const index = type === "servicePrincipal" ? 0 : some(d, type, random);
    if (group === undefined || index === undefined || (type === "group" && index === group)) return [];
    return hasEdge(d, group, relation, { type, index }) ? [] : [linkChange(d, relation, group, { type, index }, true)];
  };

const removeLink =
  (relation: Relation, back: boolean): Maker =>
  (d, random) => {
    const group = some(d, "group", random);
    const members = group === undefined ? [] : allEdges(d, group, relation);
    if (group === undefined || members.length === 0) return [];
    const member = pick(members, random());
    const changes = [linkChange(d, relation, group, member, false)];
    return back ? [...changes, linkChange(d, relation, group, member, true)] : changes;
  };

/** Two groups, each in the other. */
const circle: Maker = (d, random) => {
  const [one, other] = [some(d, "group", random), some(d, "group", random)];
  if (one === undefined || other === undefined || one === other) return [];
  const pairs = [[one, other] as const, [other, one] as const];
  return pairs.flatMap(([group, index]) => {
    const member = { type: "group" as const, index };
    return hasEdge(d, group, "members", member) ? [] : [linkChange(d, "members", group, member, true)];
  });
};

const restore =
  (kind: "user" | "group", op: string): Maker =>
  (d, random) => {
    const deleted = [...d.dead(kind)].flatMap(([index, { state }]) => (state === "deleted" ? [index] : []));
    return deleted.length === 0 ? [] : [{ op, id: objectId(d.t, kind, pick(deleted, random())) }];
  };

const ofKind =
  (kind: ObjectKind, op: string, more: (random: () => number) => object = () => ({})): Maker =>
  (d, random) => {
    const index = some(d, kind, random);
    return index === undefined ? [] : [{ op, id: objectId(d.t, kind, index), ...more(random) }];
  };

const number = (random: () => number) => Math.floor(random() * 10_000);

const MAKERS: readonly Maker[] = [
  (_, random) => [{ op: "add_user", fields: { displayName: `New "user", ${number(random)}` } }],
  userChange((id, random) => ({
    op: "update_user",
    id,
    fields: { jobTitle: pick([null, "Buyer", "Ünit lead"], random()), city: "Bari" },
  })),
  userChange((id, random) => ({ op: "rename_user", id, name: `Renamed ${number(random)}` })),
  userChange((id, random) => ({ op: "move_user", id, department: pick([null, "Sales", "IT"], random()) })),
  userChange((id, random, d) => {
    const manager = some(d, "user", random);
    const other = manager === undefined ? id : objectId(d.t, "user", manager);
    return { op: "move_user", id, manager: other === id || random() < 0.2 ? null : other };
  }),
  userChange((id) => ({ op: "disable_user", id })),
  userChange((id) => ({ op: "enable_user", id })),
  ofKind("user", "delete_user"),
  ofKind("user", "delete_user"),
  restore("user", "restore_user"),
  restore("user", "restore_user"),
  restore("user", "purge_user"),
  (_, random) => [{ op: "add_group", fields: { displayName: `New group ${number(random)}` } }],
  ofKind("group", "update_group", (random) => ({
    fields: { description: pick([null, "Changed"], random()), displayName: `Group ${number(random)}` },
  })),
  (d, random) => (random() < 0.5 ? ofKind("group", "delete_group")(d, random) : []),
  restore("group", "restore_group"),
  restore("group", "purge_group"),
  addLink("members"),
  addLink("members"),
  addLink("members"),
  removeLink("members", false),
  removeLink("members", false),
  removeLink("members", true),
  circle,
  addLink("owners"),
  removeLink("owners", false),
  (_, random) => [{ op: "add_device", managed: random() < 0.5 }],
  ofKind("device", "update_device", (random) => ({
    fields: { isCompliant: random() < 0.5, displayName: `PC-${number(random)}` },
  })),
  ofKind("device", "delete_device"),
  (d, random) => [randomWorkloadChange(d.world, d.t, random)],
  (d, random) => [randomWorkloadChange(d.world, d.t, random)],
];

function linkChange(d: Directory, relation: Relation, group: number, member: Member, is: boolean): Change {
  const op = `${is ? "add" : "remove"}_${relation === "members" ? "member" : "owner"}`;
  return { op, group: groupId(d.t, group), member: memberId(d, member) };
}

function some(d: Directory, kind: ObjectKind, random: () => number): number | undefined {
  for (let tries = 0; tries < TRIES; tries++) {
    const index = Math.floor(random() * d.total(kind));
    if (d.isLive(kind, index)) return index;
  }
  return undefined;
}

const TRIES = 30;
