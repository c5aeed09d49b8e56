import type { World } from "../world.ts";
import { COMPLIANCE_STATES } from "./managed-fields.ts";
import { managedValue, someManaged } from "./managed.ts";
import { pick } from "./fraction.ts";
import { alerts } from "./alerts.ts";
import { Directory, type ObjectKind } from "./directory.ts";
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

const enrollment = (world: World, t: DirectoryTenant, random: () => number) => {
  const d = new Directory(world, t);
  const device = random() < 0.8 ? someone(d, "device", random()) : undefined;
  const user = random() < 0.9 ? someone(d, "user", random()) : undefined;
  return { op: "enroll", ...(device !== undefined && { device }), ...(user !== undefined && { user }) };
};

const managedUpdate: Maker = (world, t, random) => {
  const entry = someManaged(world, t, random());
  if (entry === undefined) return undefined;
  const lastSyncDateTime = `${new Date(world.now()).toISOString().slice(0, 19)}Z`;
  return {
    op: "update_managed",
    id: managedValue(entry, "id"),
    fields: { lastSyncDateTime, complianceState: pick(COMPLIANCE_STATES, random()) },
  };
};

const retirement: Maker = (world, t, random) => {
  const entry = someManaged(world, t, random());
  return entry && { op: "retire", id: managedValue(entry, "id") };
};

const signIn: Maker = (world, t, random) => {
  const user = someone(new Directory(world, t), "user", random());
  const code = random() < 0.7 ? 0 : pick([50126, 50053, 53003], random());
  return user === undefined ? undefined : { op: "sign_in", user, error_code: code };
};

const audit: Maker = (world, t, random) => {
  const target = someone(new Directory(world, t), pick(["user", "group"] as const, random()), random());
  return { op: "audit", activity: pick(["Update user", "Add member to group"], random()), ...(target && { target }) };
};

const alert: Maker = (_world, _t, random) => ({ op: "alert", title: `Something odd ${Math.floor(random() * 1000)}` });

const alertUpdate: Maker = (world, t, random) => {
  const all = alerts(world, t);
  if (all.length === 0) return undefined;
  const status = pick(["inProgress", "resolved"], random());
  return { op: "update_alert", id: pick(all, random()).id, fields: { status } };
};

/** The id of a living object; `at` in [0, 1) says about which. */
function someone(d: Directory, kind: ObjectKind, at: number): string | undefined {
  const total = d.total(kind);
  const from = Math.floor(at * total);
  for (let passed = 0; passed < total; passed++) {
    const index = (from + passed) % total;
    if (d.isLive(kind, index)) return d.object(kind, index).id;
  }
  return undefined;
}

const MAKERS: readonly Maker[] = [
  enrollment,
  managedUpdate,
  managedUpdate,
  retirement,
  signIn,
  signIn,
  audit,
  alert,
  alertUpdate,
];
