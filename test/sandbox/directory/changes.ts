import * as z from "zod";
import type { World } from "../world.ts";
import {
  addObject,
  changeKind,
  fieldsSchema,
  living,
  setFields,
  setLink,
  setManager,
  type DirectoryChange,
} from "./change-kinds.ts";
import { Directory } from "./directory.ts";
import type { Relation } from "./edges.ts";
import { isoSeconds } from "./generated-users.ts";
import { deleteObject, purgeObject, restoreObject } from "./lives.ts";
import { currentRevision, nextRevision, type DirectoryTenant } from "./tenant.ts";
import { WORKLOAD_CHANGES, type WorkloadChange } from "./workload-changes.ts";
import { wrongField } from "./workload-changes-refusal.ts";

const id = z.guid();
const op = z.string();
const named = z.strictObject({ op, id });
const [userFields, groupFields, deviceFields] = [fieldsSchema("user"), fieldsSchema("group"), fieldsSchema("device")];

/** The changes to users, groups and devices, by their names. */
const DIRECTORY_CHANGES: Record<string, DirectoryChange> = {
  add_user: changeKind(z.strictObject({ op, fields: userFields.default({}) }), (d, { fields }) => {
    return { id: addObject(d, "user", fields).id };
  }),
  update_user: changeKind(z.strictObject({ op, id, fields: userFields }), (d, change) =>
    setFields(d, "user", living(d, "user", change.id), change.fields),
  ),
  rename_user: changeKind(z.strictObject({ op, id, name: z.string().min(1) }), (d, change) =>
    setFields(d, "user", living(d, "user", change.id), { displayName: change.name }),
  ),
  move_user: changeKind(
    z.strictObject({ op, id, department: z.string().nullable().optional(), manager: id.nullable().optional() }),
    moveUser,
  ),
  disable_user: changeKind(named, (d, change) =>
    setFields(d, "user", living(d, "user", change.id), { accountEnabled: false }),
  ),
  enable_user: changeKind(named, (d, change) =>
    setFields(d, "user", living(d, "user", change.id), { accountEnabled: true }),
  ),
  delete_user: changeKind(named, (d, change) => deleteObject(d, "user", change.id)),
  restore_user: changeKind(named, (d, change) => restoreObject(d, "user", change.id)),
  purge_user: changeKind(named, (d, change) => purgeObject(d, "user", change.id)),
  add_group: changeKind(z.strictObject({ op, fields: groupFields.default({}) }), (d, { fields }) => {
    return { id: addObject(d, "group", fields).id };
  }),
  update_group: changeKind(z.strictObject({ op, id, fields: groupFields }), (d, change) =>
    setFields(d, "group", living(d, "group", change.id), change.fields),
  ),
  delete_group: changeKind(named, (d, change) => deleteObject(d, "group", change.id)),
  restore_group: changeKind(named, (d, change) => restoreObject(d, "group", change.id)),
  purge_group: changeKind(named, (d, change) => purgeObject(d, "group", change.id)),
  add_member: linkChange("members", true),
  remove_member: linkChange("members", false),
  add_owner: linkChange("owners", true),
  remove_owner: linkChange("owners", false),
  add_device: changeKind(
    z.strictObject({ op, fields: deviceFields.default({}), managed: z.boolean().default(false) }),
    addDevice,
  ),
  update_device: changeKind(z.strictObject({ op, id, fields: deviceFields }), (d, change) =>
    setFields(d, "device", living(d, "device", change.id), change.fields),
  ),
  delete_device: changeKind(named, (d, change) => deleteObject(d, "device", change.id)),
};

const changeSchema = z.looseObject({ op });
const bodySchema = z.strictObject({ changes: z.array(changeSchema) });

/** Applies the changes of a request in their order. Throws a ZodError that names the change and its field. */
export function applyChanges(world: World, t: DirectoryTenant, body: unknown): { revision: number; ids: string[] } {
  const d = new Directory(world, t);
  const { changes } = bodySchema.parse(body);
  const ids = changes.flatMap((change, at) => {
    try {
      return applyChange(d, change) ?? [];
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      // The plain ZodError is no Error, and an app lets such through.
      throw new z.ZodRealError(error.issues.map((issue) => ({ ...issue, path: ["changes", at, ...issue.path] })));
    }
  });
  return { revision: currentRevision(world, t), ids };
}

/** Applies one change, and answers the id of what it made. Throws a ZodError that names the field. */
export function applyChange(d: Directory, change: z.output<typeof changeSchema>): string | undefined {
  const workloads: Record<string, WorkloadChange> = WORKLOAD_CHANGES;
  const [own, workload] = [DIRECTORY_CHANGES[change.op], workloads[change.op]];
  if (own === undefined && workload === undefined) throw wrongField("op", `there is no change '${change.op}'`);
  if (own !== undefined) return own.apply(d, change).id;
  const made = workload?.apply(d.world, d.t, change);
  if (change.op === "sign_in") noteSignIn(d, change);
  nextRevision(d.world, d.t);
  return made?.id;
}

function moveUser(
  d: Directory,
  change: { id: string; department?: string | null | undefined; manager?: string | null | undefined },
) {
  const user = living(d, "user", change.id);
  const manager = typeof change.manager === "string" ? living(d, "user", change.manager, "manager") : change.manager;
  if (manager === user) throw wrongField("manager", "nobody manages themselves");
  if (change.department !== undefined) setFields(d, "user", user, { department: change.department });
  if (manager !== undefined) setManager(d, user, manager);
}

function addDevice(d: Directory, { fields, managed }: { fields: Record<string, unknown>; managed: boolean }) {
  const { id: device } = addObject(d, "device", { isManaged: managed, ...fields });
  if (managed) WORKLOAD_CHANGES.enroll.apply(d.world, d.t, { op: "enroll", device });
  return { id: device };
}

function linkChange(relation: Relation, is: boolean): DirectoryChange {
  return changeKind(z.strictObject({ op, group: id, member: id }), (d, change) => setLink(d, relation, change, is));
}

// Failed sign-ins count as the last one too, only not as the last that succeeded.
function noteSignIn(d: Directory, change: Record<string, unknown>): void {
  const { user, at, error_code: code = 0 } = SIGN_IN.parse(change);
  const time = at ?? isoSeconds(d.world.now());
  const request = crypto.randomUUID();
  d.setSignIn(living(d, "user", user, "user"), {
    lastSignInDateTime: time,
    lastSignInRequestId: request,
    ...(code === 0 && { lastSuccessfulSignInDateTime: time, lastSuccessfulSignInRequestId: request }),
  });
}

const SIGN_IN = z.looseObject({ user: id, at: z.string().optional(), error_code: z.number().optional() });
