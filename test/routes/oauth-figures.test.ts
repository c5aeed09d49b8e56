import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call } from "../support.ts";
import { happened, json, operator } from "./records.ts";
import { problemOf } from "./security.ts";

async function consented(owner: string, count: number): Promise<void> {
  const insert = env.DB.prepare(
    "insert into consents values (?1, ?2, ?3, 'con_1', 'google', 'g-1', '[\"openid\"]', '[\"openid\"]', '10.0.0.0/24', '1', ?3, 'request-1')",
  );
  const rows = Array.from({ length: count }, (_, index) =>
    insert.bind(`cns_${owner}_${String(index).padStart(4, "0")}`, 1_000 + index, owner),
  );
  await env.DB.batch(rows);
}

test("consents are listed in pages, newest first, one's own alone", async () => {
  await consented("giver", 5);
  await consented("another-giver", 1);
  interface Consents {
    readonly consents: { readonly id: string }[];
    readonly next_cursor: string | null;
  }
  const first = await json<Consents>("/api/v1/oauth/consents?limit=3", { sub: "giver" });
  expect(first.consents[0]).toEqual({
    id: "cns_giver_0004",
    at: "1970-01-01T00:00:01.004Z",
    owner: "giver",
    connection: "con_1",
    provider: "google",
    account: "g-1",
    asked: ["openid"],
    granted: ["openid"],
    network: "10.0.0.0/24",
    policy_version: "1",
    actor: "giver",
    request_id: "request-1",
  });
  await consented("giver-later", 1);
  const second = await json<Consents>(`/api/v1/oauth/consents?limit=3&cursor=${first.next_cursor}`, { sub: "giver" });
  expect(second.consents.map(({ id }) => id)).toEqual(["cns_giver_0001", "cns_giver_0000"]);
  expect(second.next_cursor).toBeNull();
});

test("consents are exported as lines, all of them, however many", async () => {
  await consented("exporter", 450);
  const answer = await call("/api/v1/oauth/consents?format=ndjson", { sub: "exporter" });
  expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  const lines = new TextDecoder()
    .decode(await answer.arrayBuffer())
    .trimEnd()
    .split("\n");
  expect(new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id)).size).toBe(450);
  const none = await call("/api/v1/oauth/consents?format=ndjson", { sub: "nothing-to-export" });
  expect((await none.arrayBuffer()).byteLength).toBe(0);
});

interface Figures {
  readonly from: string;
  readonly to: string;
  readonly days: { readonly provider: string; readonly [member: string]: unknown }[];
}

test("analytics count what happened per day and provider, for oneself, and for everybody to an operator", async () => {
  await happened("counted", 20, { tookMs: 90 });
  await happened("counted", 1, { tookMs: 4_000, outcome: "failed", failure: { code: "provider_timeout" } });
  await happened("counted", 1, { action: "connect", tookMs: 90 });
  await happened("counted", 2, { action: "connect", outcome: "failed", failure: { code: "consent_denied" } });
  await happened("counted", 3, { action: "token_release" });
  await happened("counted", 2, { action: "proxy", weight: 10 });
  await happened("counted", 1, { action: "disconnect", provider: "notion" });
  const today = new Date().toISOString().slice(0, 10);
  const own = await json<Figures>("/api/v1/oauth/analytics", { sub: "counted" });
  expect(own.to).toBe(today);
  expect(own.days).toEqual([
    {
      day: today,
      provider: "microsoft",
      connects: { ok: 1, failed: 2 },
      refreshes: { ok: 20, failed: 1 },
      failures: { provider_timeout: 1, consent_denied: 2 },
      token_releases: 3,
      proxy_calls: 20,
      disconnects: 0,
      // Of 21 between 50 and 100 ms the eleventh, by straight line; of 22 the twentieth-and-nine-tenths.
      latency: { p50: 76, p95: 100, measured: 22 },
    },
    expect.objectContaining({ provider: "notion", disconnects: 1, latency: { p50: null, p95: null, measured: 0 } }),
  ]);
  await happened("counted-too", 5, { action: "token_release" });
  const all = await json<Figures>(`/api/v1/oauth/analytics?provider=microsoft&from=${today}`, operator("analyst"));
  expect(all.days[0]?.["token_releases"]).toBeGreaterThanOrEqual(8);
  const another = await json<Figures>("/api/v1/oauth/analytics?owner=counted", operator("analyst"));
  expect(another.days).toEqual(own.days);
  expect((await json<Figures>("/api/v1/oauth/analytics", { sub: "uncounted" })).days).toEqual([]);
});

test("analytics of 400 days are read, each day once", async () => {
  const day = (index: number) => new Date(Date.UTC(2025, 0, 1 + index)).toISOString().slice(0, 10);
  const insert = env.DB.prepare("insert into counters values (?1, 'longtime', 'google', 'proxy', 'ok', '', 1)");
  await env.DB.batch(Array.from({ length: 402 }, (_, index) => insert.bind(day(index))));
  const { days } = await json<Figures>(`/api/v1/oauth/analytics?from=${day(1)}&to=${day(400)}`, { sub: "longtime" });
  expect(days.map((one) => one["day"])).toEqual(Array.from({ length: 400 }, (_, index) => day(index + 1)));
  expect(new Set(days.map((one) => one["proxy_calls"]))).toEqual(new Set([1]));
});

test.each([
  ["from=2026-11-20&to=2026-11-19", "to"],
  ["from=2025-01-01&to=2026-11-19", "to"],
  ["from=2026-13-01", "from"],
])("a range such as %s is refused", async (query, path) => {
  const problem = await problemOf(await call(`/api/v1/oauth/analytics?${query}`, { sub: "asker" }));
  expect(problem).toMatchObject({ status: 422, errors: [expect.objectContaining({ path })] });
});
