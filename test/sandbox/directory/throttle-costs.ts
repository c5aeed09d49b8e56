/** The parts of Graph that count requests of their own accord. */
export type Workload = "identity" | "reports" | "intune" | "alerts";

/** Which workload answers a path below the version, or undefined for those that are not throttled here. */
export function workloadOf(path: string): Workload | undefined {
  return WORKLOADS.find(([pattern]) => pattern.test(path))?.[1];
}

/** What a read of the directory costs in resource units. `path` is what stands below the version. */
export function resourceUnits(path: string, query: URLSearchParams): number {
  const base = COSTS.find(([pattern]) => pattern.test(path))?.[1] ?? 1;
  const top = Number(query.get("$top") ?? Number.NaN);
  const change = (query.has("$expand") ? 1 : 0) - (query.has("$select") ? 1 : 0) - (top < 20 ? 1 : 0);
  return Math.max(1, base + change);
}

/** How many units a tenant's application may spend in ten seconds. */
export function identityLimit(users: number): number {
  if (users < 50) return 3_500;
  return users <= 500 ? 5_000 : 8_000;
}

/** Requests that are let through in any window of so many milliseconds, counted per what `per` names. */
export interface Limit {
  per: "application and tenant" | "application" | "tenant";
  requests: number;
  windowMs: number;
}

/** The limits of the workloads that count requests. */
export const REQUEST_LIMITS: Record<Exclude<Workload, "identity">, readonly Limit[]> = {
  reports: [
    { per: "application and tenant", requests: 5, windowMs: 10_000 },
    { per: "application", requests: 122, windowMs: 10_000 },
  ],
  intune: [
    { per: "application and tenant", requests: 2_000, windowMs: 20_000 },
    { per: "tenant", requests: 4_000, windowMs: 20_000 },
  ],
  alerts: [{ per: "application and tenant", requests: 150, windowMs: 60_000 }],
};

const WORKLOADS: readonly [RegExp, Workload][] = [
  [/^\/auditLogs\//, "reports"],
  [/^\/deviceManagement\//, "intune"],
  [/^\/security\/alerts/, "alerts"],
  [
    /^\/(users|groups|devices|organization|directory|directoryObjects|applications|servicePrincipals|subscribedSkus)\b/,
    "identity",
  ],
];
const COSTS: readonly [RegExp, number][] = [
  [/^\/users$/, 2],
  [/^\/groups\/[^/]+\/members\b/, 3],
  [/^\/groups\/[^/]+\/transitiveMembers\b/, 5],
  [/\/(memberOf|transitiveMemberOf)\b/, 2],
  [/\/getMemberGroups$/, 2],
  [/\/checkMemberGroups$/, 4],
  [/^\/subscribedSkus$/, 3],
  [/^\/applications$/, 2],
];
