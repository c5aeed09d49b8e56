import * as z from "zod";
import type { Directory, ObjectKind } from "./directory.ts";
import { findMember, hasEdge, isAlive, setEdge, type Relation } from "./edges.ts";
import type { Member } from "./generated-edges.ts";
import { note } from "./journal.ts";
import { SHAPES } from "./properties.ts";
import { wrongField } from "./workload-changes-refusal.ts";

/** What a change made, if it made something. */
export interface Made {
  id?: string;
}

/** A kind of change to the directory: how it is written, and what it does. */
export interface DirectoryChange {
  schema: z.ZodType;
  /** Applies a change as it was posted. Throws a ZodError that names the field. */
  apply: (d: Directory, change: unknown) => Made;
}

/** A kind of change. */
export function changeKind<S extends z.ZodType>(
  schema: S,
  apply: (d: Directory, change: z.output<S>) => Made | void,
): DirectoryChange {
  return { schema, apply: (d, change) => apply(d, schema.parse(change)) ?? {} };
}

/** The properties that a control may set on a kind of object; null clears one. */
export function fieldsSchema(kind: ObjectKind) {
  const names = SHAPES[kind].tracked.filter((name) => name !== "id" && name !== "deletedDateTime");
  const typed = z
    .object({ displayName: z.string(), userPrincipalName: z.string(), accountEnabled: z.boolean() })
    .partial();
  return z.partialRecord(z.enum(names), z.unknown()).pipe(z.looseObject(typed.shape));
}

/** The index of a living object. Throws when there is none with this id; `field` is what named it. */
export function living(d: Directory, kind: ObjectKind, id: string, field = "id"): number {
  const index = d.indexOf(kind, id);
  if (index === undefined || !d.isLive(kind, index)) throw wrongField(field, `no such ${kind}, or it is deleted`);
  return index;
}

/** Sets properties and notes those that became others. */
export function setFields(d: Directory, kind: ObjectKind, index: number, fields: Record<string, unknown>): void {
  const before = d.object(kind, index);
  const names = Object.keys(fields).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(fields[name]));
  if (names.length === 0) return;
  d.setFields(kind, index, Object.fromEntries(names.map((name) => [name, fields[name]])));
  note(d.world, d.t, { kind, index, what: "properties", names });
}

/** Adds an object: a generated one, over which the fields are laid. */
export function addObject(
  d: Directory,
  kind: ObjectKind,
  fields: Record<string, unknown>,
): { index: number; id: string } {
  const now = `${new Date(d.world.now()).toISOString().slice(0, 19)}Z`;
  const born = kind === "device" ? { registrationDateTime: now } : { createdDateTime: now };
  const index = d.add(kind, { ...born, ...fields });
  note(d.world, d.t, { kind, index, what: "created" });
  return { index, id: d.object(kind, index).id };
}

/** Makes a link of a group, or takes it back. Throws when that is how it stands. */
export function setLink(
  d: Directory,
  relation: Relation,
  change: { group: string; member: string },
  is: boolean,
): void {
  const group = living(d, "group", change.group, "group");
  const member = findMember(d, change.member);
  if (member === undefined || !isAlive(d, member)) throw wrongField("member", "no such object, or it is deleted");
  checkLink(d, group, { relation, member }, is);
  setEdge(d, group, { relation, member }, is);
  note(d.world, d.t, { kind: "group", index: group, what: relation, member });
}

/** Puts a user below another, or with null below nobody, and notes it. */
export function setManager(d: Directory, user: number, manager: number | null): void {
  // A deleted one counts: who is back before anybody looks was never reported gone.
  const before = d.assignedManager(user);
  d.setManager(user, manager);
  if (before !== manager) note(d.world, d.t, { kind: "user", index: user, what: "manager", before });
}

function checkLink(d: Directory, group: number, link: { relation: Relation; member: Member }, is: boolean): void {
  const { relation, member } = link;
  if (member.type === "group" && member.index === group) throw wrongField("member", "a group cannot be in itself");
  if (relation === "owners" && member.type !== "user" && member.type !== "servicePrincipal")
    throw wrongField("member", "only users and service principals own groups");
  if (hasEdge(d, group, relation, member) === is)
    throw wrongField("member", is ? `is among the ${relation} already` : `is not among the ${relation}`);
}
