/** What a refusal says of what this tenant lets be read. */
import type { Directory } from "../directory.ts";
import { type ResourceName } from "../resources.ts";
import { capabilityFrom, knownCapabilities, noteMembers, writeCapability } from "../connect/capabilities.ts";
import { changeResource, resourceState } from "../store/state.ts";
import type { TaskTrouble } from "./records.ts";

/** Notes that a resource was refused. `expected`: it was known before, so a run is no worse for it. */
export function noteRefusal(
  { sql, clock, memory: { roles } }: Directory,
  resource: ResourceName,
  { status, trouble }: { readonly status: number; readonly trouble: TaskTrouble },
): { readonly expected: boolean; readonly trouble: TaskTrouble } {
  const before = knownCapabilities(sql)[resource];
  const code = trouble.providerCode ?? "";
  const now = capabilityFrom(resource, { status, code, ...(roles ? { granted: roles } : {}) });
  writeCapability(sql, resource, now);
  changeResource(sql, resource, { refusedAt: clock.now(), refusals: resourceState(sql, resource).refusals + 1 });
  const expected = before !== undefined && before.status !== "available" && before.status !== "unknown";
  return { expected, trouble: { ...trouble, code: now.status } };
}

/** Notes that a resource was read: whatever was missing is there now. */
export function noteReadable({ sql }: Directory, resource: ResourceName): void {
  if (resource === "groups") noteMembers(sql);
  if (knownCapabilities(sql)[resource]?.status === "available") return;
  writeCapability(sql, resource, { status: "available" });
  changeResource(sql, resource, { refusedAt: null, refusals: 0 });
}
