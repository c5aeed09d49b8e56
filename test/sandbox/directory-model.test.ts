import { expect, it } from "vitest";
import { DeltaClient } from "./directory/delta-client.ts";
import type { Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";

const KNOBS = [
  {},
  { directory_page_size: 7, directory_member_slice: 5 },
  { directory_replays: 3, directory_page_size: 10, directory_member_slice: 11 },
  { directory_shuffle: true, directory_empty_pages: 3, directory_page_size: 9 },
  { directory_tombstone_members: true, directory_initial_removed: true, directory_page_size: 20 },
  {
    directory_replays: 2,
    directory_shuffle: true,
    directory_empty_pages: 2,
    directory_page_size: 3,
    directory_member_slice: 4,
  },
];

const SHOWN = {
  users: ["displayName", "department", "jobTitle", "accountEnabled"],
  groups: ["displayName", "description"],
  devices: ["displayName", "isCompliant"],
};

const sorted = (lines: readonly string[]) => lines.toSorted((a, b) => (a < b ? -1 : 1));

function linesOf(kind: "users" | "groups" | "devices", objects: Iterable<Json>): string[] {
  return sorted([...objects].map((object) => JSON.stringify(["id", ...SHOWN[kind]].map((name) => object[name]))));
}

/** What a client knows, in lines that compare with those of the truth. */
function copyOf({ objects, managers, edges, others }: DeltaClient) {
  // A link can come before its object, which may be gone when its turn comes: only links between known ones count.
  const isKnown = (id: string) => others.has(id) || Object.values(objects).some((known) => known.has(id));
  const pairs = (links: Map<string, Set<string>>) =>
    [...links].flatMap(([group, members]) => [...members].filter(isKnown).map((member) => `${group} ${member}`));
  return {
    users: linesOf("users", objects.users.values()),
    groups: linesOf("groups", objects.groups.values()),
    devices: linesOf("devices", objects.devices.values()),
    managers: sorted([...managers].map(([user, manager]) => `${user} ${manager}`)),
    members: sorted(pairs(edges.members)),
    owners: sorted(pairs(edges.owners)),
  };
}

async function truthOf(tenant: TenantDriver) {
  const users = await tenant.truth("users");
  const managed = users.filter(({ manager }) => manager !== null);
  const pairs = async (relation: string) =>
    sorted((await tenant.truth(relation)).map(({ group, member }) => `${String(group)} ${String(member)}`));
  return {
    users: linesOf("users", users),
    groups: linesOf("groups", await tenant.truth("groups")),
    devices: linesOf("devices", await tenant.truth("devices")),
    managers: sorted(managed.map(({ id, manager }) => `${String(id)} ${String(manager)}`)),
    members: await pairs("members"),
    owners: await pairs("owners"),
  };
}

it.each(KNOBS.map((knobs, seed) => ({ knobs, seed })))(
  "brings a client that follows delta to the truth through any changes, with $knobs",
  async ({ knobs, seed }) => {
    const tenant = await openTenant({ users: 40, groups: 12, devices: 10, memberships: 120, seed });
    await tenant.sandbox.control("/settings", knobs);
    const script = (step: number, steps: number) =>
      tenant.sandbox.control(`/tenant/${tenant.tenantId}/change-script`, { seed: seed * 1000 + step, steps });
    await script(0, 20);
    const client = new DeltaClient(tenant);
    let step = 1;
    for (let round = 0; round < 6; round++) {
      for (const resource of ["users", "groups", "devices"] as const)
        await client.round(resource, async (page) => void (await script(step++, page < 5 ? 2 : 0)));
      await script(step++, 30);
    }
    // The last changes are read by rounds that nothing disturbs.
    for (const resource of ["users", "groups", "devices"] as const) await client.round(resource);
    expect(copyOf(client)).toEqual(await truthOf(tenant));
  },
);
