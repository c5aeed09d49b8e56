import type { Hono } from "hono";
import type { GraphEnv } from "../graph/caller.ts";
import type { World } from "../world.ts";
import { Directory } from "./directory.ts";
import { SKUS } from "./generated-users.ts";
import { requireDirectory } from "./licences.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { allowOptions, readSelect } from "./workload-routes-query.ts";
import { forDirectory } from "./workload-routes-tenant.ts";

const ROLES = ["Organization.Read.All", "Directory.Read.All", "LicenseAssignment.Read.All"];
/** Up to this many users are counted one by one; of more, the first so many stand for all. */
const MOST_COUNTED = 5_000;

/** The products that a tenant has bought, and how many users hold each. */
export function skuRoutes(world: World, app: Hono<GraphEnv>): void {
  app.get(
    "/subscribedSkus",
    forDirectory(world, (c, t) => {
      requireDirectory(c.var.caller, ROLES);
      const url = new URL(c.req.url);
      allowOptions(url, ["$select"]);
      const names = readSelect(url, { known: NAMES, type: "subscribedSku" }) ?? NAMES;
      const value = skusOf(world, t).map((sku) => Object.fromEntries(names.map((name) => [name, sku[name]])));
      return c.json({ "@odata.context": `${url.origin}/v1.0/$metadata#subscribedSkus`, value });
    }),
  );
}

function skusOf(world: World, t: DirectoryTenant): Record<string, unknown>[] {
  const held = heldBy(world, t);
  return SKUS.map(({ skuId }) => {
    const { part, plans } = PRODUCTS[skuId];
    const consumedUnits = held.get(skuId) ?? 0;
    return {
      id: `${t.id}_${skuId}`,
      skuId,
      skuPartNumber: part,
      capabilityStatus: "Enabled",
      appliesTo: "User",
      consumedUnits,
      prepaidUnits: { enabled: Math.ceil((consumedUnits * 1.1 + 1) / 25) * 25, suspended: 0, warning: 0 },
      servicePlans: plans
        .filter((plan) => PLANS[plan].has(t))
        .map((plan) => ({
          servicePlanId: PLANS[plan].id,
          servicePlanName: plan,
          provisioningStatus: "Success",
          appliesTo: "User",
        })),
    };
  });
}

function heldBy(world: World, t: DirectoryTenant): Map<string, number> {
  const d = new Directory(world, t);
  const total = d.total("user");
  const held = new Map<string, number>();
  for (const [, user] of d.range("user", 0, Math.min(total, MOST_COUNTED)))
    for (const { skuId } of (user["assignedLicenses"] ?? []) as { skuId: string }[])
      held.set(skuId, (held.get(skuId) ?? 0) + 1);
  const factor = total > MOST_COUNTED ? total / MOST_COUNTED : 1;
  return new Map([...held].map(([skuId, count]) => [skuId, Math.round(count * factor)]));
}

const NAMES = [
  "id",
  "skuId",
  "skuPartNumber",
  "capabilityStatus",
  "appliesTo",
  "consumedUnits",
  "prepaidUnits",
  "servicePlans",
];

type Plan = "AAD_PREMIUM" | "AAD_PREMIUM_P2" | "INTUNE_A" | "EXCHANGE_S_ENTERPRISE" | "FLOW_P2_VIRAL";
const PLANS: Record<Plan, { id: string; has: (t: DirectoryTenant) => boolean }> = {
  AAD_PREMIUM: { id: "41781fb2-bc02-4b7c-bd55-b576c07bb09d", has: ({ licences }) => licences.entra !== "free" },
  AAD_PREMIUM_P2: { id: "eec0eb4f-6444-4f95-aba0-50c24d67f998", has: ({ licences }) => licences.entra === "p2" },
  INTUNE_A: { id: "c1ec4a95-1f05-45b3-a911-aa3fa01094f5", has: ({ licences }) => licences.intune },
  EXCHANGE_S_ENTERPRISE: { id: "efb87545-963c-4e0d-99df-69c6916d9eb0", has: () => true },
  FLOW_P2_VIRAL: { id: "50e68c76-46c6-4674-81f9-75456511b170", has: () => true },
};
const PRODUCTS: Record<(typeof SKUS)[number]["skuId"], { part: string; plans: Plan[] }> = {
  "05e9a617-0261-4cee-bb44-138d3ef5d965": {
    part: "SPE_E3",
    plans: ["AAD_PREMIUM", "INTUNE_A", "EXCHANGE_S_ENTERPRISE"],
  },
  "06ebc4ee-1bb5-47ab-8120-11824bc54a77": {
    part: "SPE_E5",
    plans: ["AAD_PREMIUM", "AAD_PREMIUM_P2", "INTUNE_A", "EXCHANGE_S_ENTERPRISE"],
  },
  "f30db892-07e9-47e9-837c-80727f46fd3d": { part: "FLOW_FREE", plans: ["FLOW_P2_VIRAL"] },
  "b05e124f-c7cc-45a0-a6aa-8cf78c946968": {
    part: "EMSPREMIUM",
    plans: ["AAD_PREMIUM", "AAD_PREMIUM_P2", "INTUNE_A"],
  },
  "078d2b04-f1bd-4111-bbd4-b4b1b354cef4": { part: "AAD_PREMIUM", plans: ["AAD_PREMIUM"] },
};
