import type * as z from "zod";
import type { World } from "../world.ts";
import { alertSchema, applyAlert, applyAlertUpdate, updateAlertSchema } from "./alerts-changes.ts";
import { applyAudit, applySignIn, auditSchema, signInSchema } from "./logs-changes.ts";
import {
  applyEnroll,
  applyRetire,
  applyUpdate,
  enrollSchema,
  retireSchema,
  updateManagedSchema,
} from "./managed-changes.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** A kind of change to what is no directory object: how it is written, `op` included, and what it does. */
export interface WorkloadChange {
  schema: z.ZodType;
  /** Applies a change as it was posted. Answers the id of what was made. Throws a ZodError that names the field. */
  apply: (world: World, t: DirectoryTenant, change: unknown) => { id?: string };
}

/** The changes to Intune's devices, to logs and to alerts. */
export const WORKLOAD_CHANGES = {
  enroll: kind(enrollSchema, applyEnroll),
  update_managed: kind(updateManagedSchema, applyUpdate),
  retire: kind(retireSchema, applyRetire),
  sign_in: kind(signInSchema, applySignIn),
  audit: kind(auditSchema, applyAudit),
  alert: kind(alertSchema, applyAlert),
  update_alert: kind(updateAlertSchema, applyAlertUpdate),
} as const satisfies Record<string, WorkloadChange>;

function kind<S extends z.ZodType>(
  schema: S,
  apply: (world: World, t: DirectoryTenant, change: z.output<S>) => { id?: string },
): WorkloadChange {
  return { schema, apply: (world, t, change) => apply(world, t, schema.parse(change)) };
}
