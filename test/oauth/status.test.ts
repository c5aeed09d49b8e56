import { afterEach, expect, test, vi } from "vitest";
import { ask, connectWith, plan, resetSandbox, settings, somebody } from "./manager.ts";
import { BASES } from "../routes/security.ts";
import { call, sandbox } from "../support.ts";

afterEach(async () => {
  vi.useRealTimers();
  await resetSandbox();
});

interface Status {
  readonly connections: number;
  readonly by_provider: Readonly<Record<string, number>>;
  readonly attention: readonly Readonly<Record<string, unknown>>[];
  readonly next_to_die: Readonly<Record<string, unknown>> | null;
  readonly system?: {
    readonly connections: readonly Readonly<Record<string, unknown>>[];
    readonly sealing: Readonly<Record<string, unknown>>;
    readonly revocations_pending: number;
    readonly providers: readonly { readonly id: string; readonly client_secret_expires_at: string | null }[];
    readonly problems: readonly unknown[];
  };
}

async function statusOf(who: { sub: string }, base = "/api/v1"): Promise<Status> {
  const answer = await call(`${base}/oauth/status`, who);
  expect(answer.status).toBe(200);
  return answer.json();
}

test("whoever has connected nothing has nothing to look after", async () => {
  expect(await statusOf(somebody())).toMatchObject({
    connections: 0,
    by_provider: {},
    attention: [],
    next_to_die: null,
  });
});

test("a user sees how their own stand, what needs them, and what dies first", async () => {
  const who = somebody();
  await settings({ google_refresh_token_expires_in: 86_400, google_denied_scopes: ["calendar.events"] });
  const google = await connectWith(who, { provider: "google" });
  await connectWith(who, { provider: "microsoft" });
  const notion = await connectWith(who, { provider: "notion" });
  await sandbox("POST", "notion/connections/ana/remove", {});
  await ask(who, "POST", `/integrations/${notion}/refresh`);
  const status = await statusOf(who);
  expect(status).toMatchObject({
    connections: 3,
    active: 2,
    reauth_required: 1,
    by_provider: { google: 1, microsoft: 1, notion: 1 },
    next_to_die: { id: google, provider: "google", reason: "time_limited_access" },
  });
  expect(status.attention).toHaveLength(2);
  expect(status.attention).toContainEqual(
    expect.objectContaining({
      id: google,
      trouble: null,
      missing_scopes: ["https://www.googleapis.com/auth/calendar.events"],
    }),
  );
  expect(status.attention.find(({ id }) => id === notion)?.["trouble"]).toMatchObject({
    code: "reauth_required",
    mend: "user",
  });
  expect(status.system).toBeUndefined();
});

test.each(BASES)("below %s an operator sees the whole system as well, and that is recorded", async (base) => {
  const owner = somebody();
  await connectWith(owner, { provider: "notion" }, "ana", `${base}/oauth`);
  await settings({});
  const operator = somebody({ roles: ["operator"] });
  const { system, connections } = await statusOf(operator, base);
  expect(connections).toBe(0);
  const ids = ["microsoft", "outlook", "google", "youtube", "notion"];
  expect(system).toMatchObject({
    providers: ids.map((id) => ({ id, client_secret_expires_at: null })),
    problems: [],
  });
  expect(system?.connections).toContainEqual(expect.objectContaining({ provider: "notion", status: "active" }));
  expect(system?.sealing).toMatchObject({ key: "k1", left: 0, by_key: [{ key: "k1" }] });
  expect(JSON.stringify(system)).not.toContain(owner.sub);
  const records = await call(`${base}/oauth/audit`, operator);
  const { records: kept } = await records.json<{ records: { action: string; detail: object }[] }>();
  expect(kept.find(({ action }) => action === "operator_read")?.detail).toMatchObject({ read: "status", owner: "*" });
});

test("what providers are still to be told of is counted", async () => {
  const who = somebody();
  const operator = somebody({ roles: ["operator"] });
  const id = await connectWith(who, { provider: "notion" });
  const before = (await statusOf(operator)).system?.revocations_pending ?? 0;
  await plan({ host: "api.notion.com", path: "/v1/oauth/revoke", status: 503, body: "down" });
  await ask(who, "DELETE", `/integrations/${id}`);
  expect((await statusOf(operator)).system?.revocations_pending).toBe(before + 1);
});
