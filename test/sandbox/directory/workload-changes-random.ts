import type { World } from "../world.ts";
import { COMPLIANCE_STATES } from "./managed-fields.ts";
import { managedValue, someManaged } from "./managed.ts";
import { pick } from "./fraction.ts";
import { deviceId, userId } from "./object-ids.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** A change that can be applied at this moment, as it would be posted. `random` gives fractions in [0, 1). */
export function randomWorkloadChange(
  world: World,
  t: DirectoryTenant,
  random: () => number,
): { op: string } & Record<string, unknown> {
  return pick(MAKERS, random())(world, t, random) ?? enrollment(world, t, random);
}

type Maker = (
  world: World,
  t: DirectoryTenant,
  random: () => number,
) => ({ op: string } & Record<string, unknown>) | undefined;

const enrollment = (_: World, t: DirectoryTenant, random: () => number) => ({
  op: "enroll",
  ...(t.devices > 0 && random() < 0.8 && { device: deviceId(t, Math.floor(random() * t.devices)) }),
  ...(t.users > 0 && random() < 0.9 && { user: userId(t, Math.floor(random() * t.users)) }),
});

const managedUpdate: Maker = (world, t, random) => {
  const entry = someManaged(world, t, random());
  if (entry === undefined) return undefined;
  const lastSyncDateTime = `${new Date(world.now()).toISOString().slice(0, 19)}Z`;
  return {
    op: "update_managed",
    id: managedValue(t, entry, "id"),
    fields: { lastSyncDateTime, complianceState: pick(COMPLIANCE_STATES, random()) },
  };
};

const retirement: Maker = (world, t, random) => {
  const entry = someManaged(world, t, random());
  return entry && { op: "retire", id: managedValue(t, entry, "id") };
};

const MAKERS: readonly Maker[] = [enrollment, managedUpdate, managedUpdate, retirement];
