import * as z from "zod";
import { pack, unpack } from "../ids.ts";
import type { World } from "../world.ts";
import { alerts } from "./alerts.ts";
import { Directory, type ObjectKind } from "./directory.ts";
import { edgeSlice, memberId, type Relation } from "./edges.ts";
import { DIRECTORY_AUDITS } from "./logs-audits.ts";
import { SIGN_INS } from "./logs-sign-ins.ts";
import { logEntries, type Log } from "./logs.ts";
import { managedDevice, managedEnd, managedEntries } from "./managed.ts";
import { groupId, userId } from "./object-ids.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** Some of what is true, and where the rest begins, if there is one. */
interface Part {
  items: unknown[];
  next?: unknown;
}

type Teller = (d: Directory, from: unknown, limit: number) => Part;

const TELLERS = {
  users: objects("user", (d, index, object) => {
    const manager = d.manager(index);
    const signInActivity = d.signIn(index);
    return {
      ...object,
      manager: manager === undefined ? null : userId(d.t, manager),
      ...(signInActivity && { signInActivity }),
    };
  }),
  groups: objects("group", (_, __, object) => object),
  devices: objects("device", (_, __, object) => object),
  members: links("members"),
  owners: links("owners"),
  managed: ({ world, t }, from, limit) => {
    const start = z.number().default(0).parse(from);
    const items = [...managedEntries(world, t, { from: start, to: start + limit })].map((entry) =>
      managedDevice(entry),
    );
    return { items, ...(start + limit < managedEnd(world, t) && { next: start + limit }) };
  },
  sign_ins: log(SIGN_INS),
  directory_audits: log(DIRECTORY_AUDITS),
  alerts: ({ world, t }, from, limit) => {
    const start = z.number().default(0).parse(from);
    const all = alerts(world, t);
    return {
      items: all.slice(start, start + limit).map(({ body }) => body()),
      ...(all.length > start + limit && { next: start + limit }),
    };
  },
} satisfies Record<string, Teller>;

const querySchema = z.strictObject({
  kind: z.enum(Object.keys(TELLERS) as (keyof typeof TELLERS)[]),
  after: z.string().default(""),
  limit: z.coerce.number().int().positive().max(10_000).default(1000),
});

/** What is true of a kind at this moment, read past everything that delta, lists and their knobs do. */
export function truth(world: World, t: DirectoryTenant, query: unknown): { items: unknown[]; next: string | null } {
  const { kind, after, limit } = querySchema.parse(query);
  const { items, next } = TELLERS[kind](new Directory(world, t), after === "" ? undefined : unpack(after), limit);
  return { items, next: next === undefined ? null : pack(next) };
}

function objects(kind: ObjectKind, tell: (d: Directory, index: number, object: { id: string }) => unknown): Teller {
  return (d, from, limit) => {
    const start = z.number().default(0).parse(from);
    const items = d.range(kind, start, start + limit).map(([index, object]) => tell(d, index, object));
    return { items, ...(start + limit < d.total(kind) && { next: start + limit }) };
  };
}

const placeSchema = z.tuple([z.number(), z.union([z.number(), z.string()])]).default([0, 0]);

function links(relation: Relation): Teller {
  return (d, after, limit) => {
    let [group, from] = placeSchema.parse(after);
    const items: unknown[] = [];
    for (; group < d.total("group"); group++, from = 0) {
      if (items.length >= limit) return { items, next: [group, from] };
      if (!d.isLive("group", group)) continue;
      const { members, next } = edgeSlice(d, group, relation, { from, most: limit - items.length });
      for (const member of members)
        items.push({ group: groupId(d.t, group), member: memberId(d, member), type: member.type });
      if (next !== undefined) return { items, next: [group, next] };
    }
    return { items };
  };
}

function log(kind: Log): Teller {
  const placed = z.object({ at: z.number(), order: z.number() }).optional();
  return ({ world, t }, from, limit) => {
    const window = { from: 0, to: world.now(), after: placed.parse(from) };
    const items: unknown[] = [];
    for (const { body, at, order } of logEntries(world, t, kind, window)) {
      items.push(body());
      if (items.length >= limit) return { items, next: { at, order } };
    }
    return { items };
  };
}
