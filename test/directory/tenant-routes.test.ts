import { expect, test } from "vitest";
import { type Route, withstands } from "../routes/security.ts";
import { call, send, workerWith } from "../support.ts";
import { adminOf, CLIENT, makeTenant, read, rowOf, setUp } from "./connecting.ts";

const base = "/v1/microsoft";
const minute = (name: string, quota: number) => ({ limit: { name, quota, windowS: 60 } });
const admin = { base, role: "tenant_admin", org: "secure" } as const;

/** Every route that connects a tenant. The body of a set-up is refused before anything is asked of Microsoft. */
const ROUTES: readonly Route[] = [
  {
    ...admin,
    method: "POST",
    path: "/setup",
    body: { tenant_id: "none" },
    bodyOptional: true,
    ...minute("directory-manage", 30),
  },
  { ...admin, method: "GET", path: "/status", ...minute("directory-read", 300) },
  { ...admin, method: "DELETE", path: "/disconnect", ...minute("directory-manage", 30) },
];

for (const route of ROUTES) withstands(route);

test.each([
  ["POST", "/setup"],
  ["GET", "/status"],
  ["DELETE", "/disconnect"],
])("%s %s needs a token that names an organisation, and says so", async (method, path) => {
  const answer = await read(await call(base + path, { sub: "nobody's", roles: ["tenant_admin"] }, { method }));
  expect(answer).toMatchObject({ status: 403, code: "forbidden" });
  expect(answer["detail"]).toContain("claim org");
});

test("a set-up without a body means the environment's application, and that is another organisation's", async () => {
  const other = await read(await call(`${base}/setup`, adminOf("somebody-else"), { method: "POST" }));
  expect(other).toMatchObject({ status: 403, code: "forbidden" });
  expect(JSON.stringify(other)).not.toContain(CLIENT.client_id);
  expect(await rowOf("somebody-else")).toBeNull();
  // The tests' environment names no tenant.
  for (const body of [undefined, {}]) {
    const init = body ? { body: "{}", headers: { "Content-Type": "application/json" } } : {};
    const answer = await call(`${base}/setup`, adminOf("operators-own"), { method: "POST", ...init });
    expect(await read(answer)).toMatchObject({
      status: 500,
      code: "provider_misconfigured",
      variable: "MICROSOFT_TENANT_ID",
    });
  }
});

test("an application answers for its own organisation: the number 7 and the text 7 are one", async () => {
  const { tenant_id: id } = await makeTenant(401);
  await setUp("7", { tenant_id: id, ...CLIENT });
  const numbered = await call(`${base}/status`, { sub: "ana", roles: ["tenant_admin"], org: 7 });
  expect(await read(numbered)).toMatchObject({ connected: true, tenant: { id } });
});

test("a shorter interval is looked at by the next tick", async () => {
  const { tenant_id: id } = await makeTenant(402);
  await setUp("hasty", { tenant_id: id, ...CLIENT });
  expect(Number((await rowOf("hasty"))?.["due_at"])).toBeGreaterThan(Date.now());
  await send("PATCH", `${base}/schedule`, adminOf("hasty"), { audit_minutes: 5 });
  expect(Number((await rowOf("hasty"))?.["due_at"])).toBeLessThanOrEqual(Date.now());
});

test("while a core variable is wrong nothing is connected", async () => {
  const worker = workerWith({ TOKEN_ENCRYPTION_KEY: "short" });
  const request = new Request(`https://latchkey.test${base}/status`);
  expect((await worker(request)).status).toBe(500);
});
