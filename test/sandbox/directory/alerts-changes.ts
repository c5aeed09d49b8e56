import * as z from "zod";
import type { World } from "../world.ts";
import { alerts, changeAlert, raiseAlert } from "./alerts.ts";
import { timeOf } from "./logs-changes.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { wrongField } from "./workload-changes-refusal.ts";

/** What `alert` takes. */
export const alertSchema = z.strictObject({
  op: z.literal("alert"),
  title: z.string().min(1).optional(),
  at: z.iso.datetime().optional(),
});
/** What `update_alert` takes. */
export const updateAlertSchema = z.strictObject({
  op: z.literal("update_alert"),
  id: z.string(),
  fields: z
    .strictObject({
      status: z.enum(["new", "inProgress", "resolved", "unknown"]),
      severity: z.enum(["informational", "low", "medium", "high", "unknown"]),
      classification: z.enum(["unknown", "falsePositive", "truePositive", "informationalExpectedActivity"]).nullable(),
      determination: z.string().nullable(),
      assignedTo: z.string().nullable(),
    })
    .partial(),
});

/** Raises an alert and answers its id. */
export function applyAlert(world: World, t: DirectoryTenant, change: z.output<typeof alertSchema>): { id: string } {
  return { id: raiseAlert(world, t, { at: timeOf(world, change.at), title: change.title }) };
}

/** Changes an alert. Throws a ZodError when there is none with this id. */
export function applyAlertUpdate(
  world: World,
  t: DirectoryTenant,
  { id, fields }: z.output<typeof updateAlertSchema>,
): Record<string, never> {
  if (!alerts(world, t).some((alert) => alert.id === id)) throw wrongField("id", "no such alert");
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  changeAlert(world, t, { id, fields: Object.fromEntries(given) });
  return {};
}
