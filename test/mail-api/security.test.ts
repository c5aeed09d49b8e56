import { type Route, withstands } from "../routes/security.ts";

const base = "/api/oauth";
const minute = (name: string, quota: number) => ({ limit: { name, quota, windowS: 60 } });

/** Every route of the mail surface that a caller's token opens. */
const ROUTES: readonly Route[] = [
  { base, method: "GET", path: "/status", ...minute("reads", 100) },
  { base, method: "POST", path: "/microsoft/authorize", body: {}, bodyOptional: true, ...minute("authorize", 10) },
  { base, method: "POST", path: "/google/disconnect", body: {}, bodyOptional: true, ...minute("manage", 50) },
  { base, method: "GET", path: "/microsoft/xoauth2", scope: "tokens:read", ...minute("tokens", 100) },
  { base, method: "GET", path: "/mail-account", ...minute("reads", 100) },
  { base, method: "PUT", path: "/mail-account", body: { address: "ana@gmail.com" }, ...minute("manage", 50) },
  { base, method: "DELETE", path: "/mail-account", body: {}, bodyOptional: true, ...minute("manage", 50) },
  { base, method: "POST", path: "/mail-account/verify", body: {}, bodyOptional: true, ...minute("mail-verify", 10) },
];

for (const route of ROUTES) withstands(route);
