import { requirePermission, type Caller } from "../graph/caller.ts";
import type { DirectoryTenant } from "./tenant.ts";

const READERS = ["Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All"];
const EXCHANGE = { service: "exchange", servicePlanId: "9aaf7827-d63c-4b61-89c3-182f06f82e5c" };
const PREMIUM = { service: "AADPremiumService", servicePlanId: "41781fb2-bc02-4b7c-bd55-b576c07bb09d" };
const PREMIUM_2 = { service: "AADPremiumService", servicePlanId: "eec0eb4f-6444-4f95-aba0-50c24d67f998" };
const INTUNE = { service: "SCO", servicePlanId: "c1ec4a95-1f05-45b3-a911-aa3fa01094f5" };

/** `GET /organization`: a collection of one. What a tenant had and has no longer is among its plans as Deleted. */
export function directoryOrganization(t: DirectoryTenant, caller: Caller, url: URL): Record<string, unknown> {
  requirePermission(
    caller,
    READERS,
    "Authorization_RequestDenied",
    "Insufficient privileges to complete the operation.",
  );
  const { entra, intune } = t.licences;
  const plan = (what: typeof EXCHANGE, has: boolean) => ({
    assignedDateTime: "2025-01-01T00:00:00Z",
    capabilityStatus: has ? "Enabled" : "Deleted",
    ...what,
  });
  const domain = (name: string, isInitial: boolean) => ({
    capabilities: "Email, OfficeCommunicationsOnline",
    isDefault: !isInitial,
    isInitial,
    name,
    type: "Managed",
  });
  const one = {
    id: t.id,
    displayName: t.displayName,
    tenantType: "AAD",
    verifiedDomains: [domain(t.domain, false), domain(`tenant-${t.seed}.onmicrosoft.com`, true)],
    assignedPlans: [
      plan(EXCHANGE, true),
      plan(PREMIUM, entra !== "free"),
      plan(PREMIUM_2, entra === "p2"),
      plan(INTUNE, intune),
    ],
  };
  return { "@odata.context": `${url.origin}/v1.0/$metadata#organization`, value: [one] };
}
