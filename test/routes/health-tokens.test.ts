import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { call, connect, sandbox } from "../support.ts";

const OPERATOR = { sub: "op", roles: ["operator"] };

interface Count {
  readonly provider: string;
  readonly status: string;
  readonly connections: number;
  readonly expiring_soon: number;
  readonly refresh_failures: number;
  readonly oldest_refresh: string | null;
}

afterEach(() => {
  vi.useRealTimers();
});

async function counts(): Promise<Record<"main" | "beta", Count[]>> {
  const answer = await call("/api/v1/health/microsoft/tokens", OPERATOR);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  return (await answer.json<{ systems: Record<"main" | "beta", Count[]> }>()).systems;
}

const use = (sub: string) => call("/api/v1/auth/microsoft/user", { sub });

test("an operator sees connections by system, provider and status, what dies soon, and what fails", async () => {
  expect(await counts()).toEqual({ main: [], beta: [] });
  vi.useFakeTimers({ toFake: ["Date"] });
  const started = new Date().toISOString();
  await connect({ sub: "ht-revoked" });
  await connect({ sub: "ht-failing" });
  await connect({ sub: "ht-failing" }, "bo");
  await connect({ sub: "ht-fine" }, "ana", "/api/v1/beta");
  const row = {
    provider: "microsoft",
    status: "active",
    expiring_soon: 0,
    refresh_failures: 0,
    oldest_refresh: started,
  };
  expect(await counts()).toEqual({ main: [{ ...row, connections: 3 }], beta: [{ ...row, connections: 1 }] });

  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  await sandbox("POST", "clock", { advance_ms: 2 * 3_600_000 });
  const token = { path: "/common/oauth2/v2.0/token", grant_type: "refresh_token" };
  await sandbox("POST", "faults", { ...token, entra_error: { error: "invalid_grant", code: 50173 } });
  expect((await use("ht-revoked")).status).toBe(409);
  await sandbox("POST", "faults", { ...token, status: 503 });
  expect((await use("ht-failing")).status).toBe(503);
  const later = await vi.waitFor(async () => {
    const { main } = await counts();
    expect(main.map((one) => one.refresh_failures)).toContain(1);
    return main;
  });
  expect(later).toEqual([
    { ...row, connections: 2, refresh_failures: 1 },
    { ...row, status: "reauth_required", connections: 1 },
  ]);

  await sandbox("POST", "settings", { expires_in: 900 });
  await connect({ sub: "ht-soon" });
  expect((await counts()).main[0]).toMatchObject({ connections: 3, expiring_soon: 1, oldest_refresh: started });
});

test("an operator sees how tenants stand: whose credential is refused, and who was not woken", async () => {
  const row = (org: string, status: string, code: string | null, dueAt: number) =>
    env.DB.prepare(
      `INSERT INTO tenants (id, org, tenant_id, domains, client_id, credential_kind, status, status_code, connected_by,
         created_at, updated_at, version, due_at) VALUES (?1, ?1, 't', '[]', 'c', 'environment', ?2, ?3, 'ana', 0, 0, 1, ?4)`,
    ).bind(org, status, code, dueAt);
  const now = Date.now();
  await env.DB.batch([
    row("one", "active", null, now),
    row("two", "active", null, now - 3_600_000),
    row("three", "refused", "AADSTS7000222", now),
  ]);
  const answer = await call("/api/v1/health/microsoft/tokens", OPERATOR);
  const { tenants } = await answer.json<{ tenants: unknown[] }>();
  expect(tenants).toHaveLength(2);
  expect(tenants).toEqual(
    expect.arrayContaining([
      { status: "active", code: null, tenants: 2, late: 1 },
      { status: "refused", code: "AADSTS7000222", tenants: 1, late: 0 },
    ]),
  );
});
