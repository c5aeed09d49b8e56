import { living } from "./change-kinds.ts";
import type { Directory, ObjectKind } from "./directory.ts";
import { groupsOf } from "./edges.ts";
import { note } from "./journal.ts";
import { wrongField } from "./workload-changes-refusal.ts";

/** Deletes an object: users and Microsoft 365 groups can be restored, everything else is gone for good at once. */
export function deleteObject(d: Directory, kind: ObjectKind, id: string): void {
  const index = living(d, kind, id);
  end(d, kind, index, isRestorable(d, kind, index) ? "deleted" : "purged");
}

/** Deletes an object for good, whether it lives or is deleted already. */
export function purgeObject(d: Directory, kind: ObjectKind, id: string): void {
  const index = d.indexOf(kind, id);
  if (index === undefined || d.dead(kind).get(index)?.state === "purged") throw wrongField("id", `no such ${kind}`);
  end(d, kind, index, "purged");
}

/** Brings a deleted object back, with its links. Throws when it is not deleted, or for good. */
export function restoreObject(d: Directory, kind: ObjectKind, id: string): void {
  const index = d.indexOf(kind, id);
  if (index === undefined || d.dead(kind).get(index)?.state !== "deleted")
    throw wrongField("id", `no ${kind} with this id can be restored`);
  d.setDeath(kind, index, null);
  const links = d.world.settings().directory_restore_members === "links";
  note(d.world, d.t, { kind, index, what: "restored", links });
  if (links) noteLinks(d, kind, index, null);
}

function end(d: Directory, kind: ObjectKind, index: number, state: "deleted" | "purged"): void {
  const lived = d.isLive(kind, index);
  d.setDeath(kind, index, state);
  note(d.world, d.t, { kind, index, what: "deleted" });
  if (lived && d.world.settings().directory_tombstone_members) noteLinks(d, kind, index, index);
}

function isRestorable(d: Directory, kind: ObjectKind, index: number): boolean {
  if (kind === "group") return (d.object("group", index)["groupTypes"] as string[]).includes("Unified");
  return kind === "user";
}

/** Tells the groups and the reports of an object that it went or came; `before` is who the manager was. */
function noteLinks(d: Directory, kind: ObjectKind, index: number, before: number | null): void {
  const member = { type: kind, index };
  for (const relation of ["members", "owners"] as const)
    for (const group of groupsOf(d, relation, member))
      note(d.world, d.t, { kind: "group", index: group, what: relation, member });
  if (kind !== "user") return;
  for (const report of d.reports(index).filter((one) => d.isLive("user", one)))
    note(d.world, d.t, { kind: "user", index: report, what: "manager", before });
}
