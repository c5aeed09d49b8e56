import { BASES, type Route, withstands } from "../routes/security.ts";

const minute = (name: string, quota: number) => ({ limit: { name, quota, windowS: 60 } });

/** Nobody's connection: well formed, and unknown to whoever asks. */
const ONE = "/oauth/integrations/con_000000000000000000000000";

/** Every route of the manager that a caller's token opens, in both systems. */
const ROUTES: readonly Route[] = BASES.flatMap((base): Route[] => [
  {
    base,
    method: "POST",
    path: "/oauth/authorize",
    body: { provider: "google" },
    bodyOptional: true,
    ...minute("authorize", 10),
  },
  { base, method: "GET", path: "/oauth/integrations", ...minute("reads", 100) },
  { base, method: "DELETE", path: "/oauth/integrations", ...minute("manage", 50) },
  { base, method: "POST", path: "/oauth/integrations/sync", ...minute("refresh", 10) },
  { base, method: "GET", path: ONE, ...minute("reads", 100) },
  { base, method: "DELETE", path: ONE, ...minute("manage", 50) },
  { base, method: "POST", path: `${ONE}/refresh`, ...minute("refresh", 10) },
  { base, method: "GET", path: "/oauth/status", ...minute("reads", 100) },
]);

for (const route of ROUTES) withstands(route);

for (const base of BASES)
  withstands({ base, method: "GET", path: `${ONE}/token`, scope: "tokens:read", ...minute("tokens", 100) });
