/** A hundred changes of every kind, as a tenant of any size may see them in an hour. */
import type { DirectoryWorld } from "./directory-world.ts";

type Change = Readonly<Record<string, unknown>>;

interface Link {
  readonly group: string;
  readonly member: string;
  readonly type: string;
}

/** Changes the tenant. Gives how many changes there were. */
export async function applyChanges(world: DirectoryWorld, tenant: string): Promise<number> {
  const some = async <T>(kind: string, limit: number) => {
    const { items } = (await world.control(`/tenant/${tenant}/truth?kind=${kind}&limit=${limit}`)) as { items: T[] };
    return items;
  };
  const users = (await some<{ id: string }>("users", 60)).map(({ id }) => id);
  const groups = (await some<{ id: string }>("groups", 10)).map(({ id }) => id);
  const devices = (await some<{ id: string }>("devices", 15)).map(({ id }) => id);
  const managed = (await some<{ id: string }>("managed", 10)).map(({ id }) => id);
  const links = (await some<Link>("members", 5)).map(({ group, member }) => ({ group, member }));
  const known = new Set(links.map(({ member }) => member));
  const strangers = users.slice(20).filter((id) => !known.has(id));
  const changes: Change[] = [
    ...users.slice(0, 30).map((id, index) => ({ op: "update_user", id, fields: { jobTitle: `Title ${index}` } })),
    ...users.slice(30, 40).map((id, index) => ({ op: "rename_user", id, name: `Renamed ${index}` })),
    ...users.slice(40, 45).map((id) => ({ op: "disable_user", id })),
    ...Array.from({ length: 5 }, () => ({ op: "add_user" })),
    ...links.map((link) => ({ op: "remove_member", ...link })),
    ...groups.slice(0, 5).map((id, index) => ({ op: "update_group", id, fields: { description: `About ${index}` } })),
    ...Array.from({ length: 5 }, () => ({ op: "add_device", managed: true })),
    ...devices.map((id, index) => ({ op: "update_device", id, fields: { operatingSystemVersion: `11.${index}` } })),
    ...managed.map((id) => ({
      op: "update_managed",
      id,
      fields: { complianceState: "noncompliant", lastSyncDateTime: now() },
    })),
  ];
  const owners = strangers.slice(0, 10).map((member, index) => ({ group: groups[index % groups.length], member }));
  const applied = [...changes, ...owners.map((link) => ({ op: "add_owner", ...link }))];
  await world.control(`/tenant/${tenant}/changes`, { changes: applied });
  return applied.length;
}

const now = () => new Date().toISOString();
