/** Asks Graph for a little of everything that is copied, to learn what the tenant lets be read. */
import * as z from "zod";
import { inParallel } from "../../lib/parallel.ts";
import { type ResourceName, RESOURCES } from "../resources.ts";
import { type Asked, askGraph, type AskPorts, type Question } from "./ask.ts";
import { type Capabilities, type Capability, capabilityFrom } from "./capabilities.ts";
import { missingPermissions, rolesIn } from "./roles.ts";

/** What is asked for each resource: one object, one property. subscribedSkus takes no $top. */
const QUESTIONS = {
  users: { path: "/users", query: { $select: "id", $top: "1" } },
  groups: { path: "/groups", query: { $select: "id,visibility", $top: "5" } },
  devices: { path: "/devices", query: { $select: "id", $top: "1" } },
  managed_devices: { path: "/deviceManagement/managedDevices", query: { $select: "id", $top: "1" } },
  sign_in_activity: { path: "/users", query: { $select: "id,signInActivity", $top: "1" } },
  licences: { path: "/subscribedSkus", query: { $select: "skuId" } },
  sign_ins: { path: "/auditLogs/signIns", query: { $top: "1" } },
  directory_audits: { path: "/auditLogs/directoryAudits", query: { $top: "1" } },
  alerts: { path: "/security/alerts_v2", query: { $top: "1" } },
} as const satisfies Record<ResourceName, Omit<Question, "label">>;

/** Workloads that a tenant may not have at all, and that say so by the same 400 as to a bad option. */
const WITHOUT_OPTIONS: ReadonlySet<ResourceName> = new Set(["managed_devices", "alerts"]);

/** Far below every limit: reports allow five in ten seconds, and two of these are theirs. */
const AT_ONCE = 4;

/** What the tenant lets be read, by resource and for `members`. Never fails: what cannot be asked now is unknown. */
export async function probe(ports: AskPorts): Promise<Capabilities> {
  const granted = rolesIn(ports.accessToken);
  const names = Object.keys(QUESTIONS) as ResourceName[];
  const found = await inParallel(names, AT_ONCE, async (name): Promise<[string, Capability][]> => {
    const { asked, bare } = await askFor(ports, name);
    const own: [string, Capability] = [name, judge(name, asked, { granted, bare })];
    return name === "groups" ? [own, ["members", await probeMembers(ports, asked, granted)]] : [own];
  });
  return Object.fromEntries(found.flat());
}

/** A refused request may be refused for an option of it: that is asked once more without any. */
async function askFor(ports: AskPorts, name: ResourceName): Promise<{ readonly asked: Asked; readonly bare: boolean }> {
  const question = { ...QUESTIONS[name], label: `probe ${name}` };
  const asked = await askGraph(ports, question);
  if (asked.kind !== "refused" || asked.refusal.status !== 400 || !WITHOUT_OPTIONS.has(name))
    return { asked, bare: false };
  const { path, label } = question;
  return { asked: await askGraph(ports, { path, label }), bare: true };
}

interface Known {
  readonly granted: readonly string[] | undefined;
  readonly bare?: boolean;
}

function judge(name: ResourceName, asked: Asked, { granted, bare = false }: Known): Capability {
  switch (asked.kind) {
    case "answered":
      return { status: "available" };
    case "refused": {
      const { status, code } = asked.refusal;
      return capabilityFrom(name, { status, code, bare, ...(granted === undefined ? {} : { granted }) });
    }
    case "silent": {
      const { provider_code: code } = asked.failure.extra;
      return { status: "unknown", ...(code === undefined ? {} : { provider_code: code }) };
    }
  }
}

const Groups = z.object({ value: z.array(z.object({ id: z.string(), visibility: z.string().nullish() })) });

/** The members of one group: some permissions let groups be read and not who is in them. */
async function probeMembers(
  ports: AskPorts,
  groups: Asked,
  granted: readonly string[] | undefined,
): Promise<Capability> {
  if (groups.kind !== "answered") return judge("groups", groups, { granted });
  // Hidden members are refused to whoever may read all others.
  const open = Groups.safeParse(groups.body).data?.value.find(({ visibility }) => visibility !== "HiddenMembership");
  if (!open) return unseen(granted);
  const path = `/groups/${encodeURIComponent(open.id)}/members`;
  const asked = await askGraph(ports, { path, query: { $select: "id", $top: "1" }, label: "probe members" });
  return judge("groups", asked, { granted });
}

/** A tenant without a group that could be asked: only the roles tell. */
function unseen(granted: readonly string[] | undefined): Capability {
  if (granted === undefined) return { status: "unknown" };
  const permissions = missingPermissions(RESOURCES.groups, granted);
  return permissions.length === 0 ? { status: "available" } : { status: "permission_missing", permissions };
}
