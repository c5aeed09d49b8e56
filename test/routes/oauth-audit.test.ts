import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { connected, keeperOf } from "../connections/keeper.ts";
import { call, type TokenClaims } from "../support.ts";
import { happened, json, operator } from "./records.ts";
import { BASES, problemOf, type Route, withstands } from "./security.ts";

const AUDIT = "/api/v1/oauth/audit";
const BETA_AUDIT = "/api/v1/beta/oauth/audit";

const ROUTES: readonly Route[] = BASES.flatMap((base) =>
  ["/oauth/audit", "/oauth/audit/verify", "/oauth/consents", "/oauth/analytics"].map((path): Route => ({
    base,
    method: "GET",
    path,
    limit: { name: "reads", quota: 100, windowS: 60 },
  })),
);

for (const route of ROUTES) withstands(route);

interface Page {
  readonly records: { readonly [member: string]: unknown; readonly action: string; readonly owner: string }[];
  readonly next_cursor: string | null;
}

/** A page of the trail as `claims` sees it. */
async function page(claims: TokenClaims, query: Record<string, string> = {}, path = AUDIT): Promise<Page> {
  const answer = await call(`${path}?${new URLSearchParams(query).toString()}`, claims);
  if (answer.status !== 200) throw new Error(await answer.text());
  return answer.json();
}

test("what one just did is in one's trail at once, newest first, each chained to the one before", async () => {
  const id = await connected({ sub: "doer" });
  await keeperOf("doer").disconnect({ id, actor: "doer", requestId: "request-1" });
  const { records, next_cursor } = await page({ sub: "doer" });
  expect(next_cursor).toBeNull();
  const [last, first] = records.filter(({ action }) => action === "disconnect" || action === "connect");
  expect(last).toMatchObject({
    id: expect.stringMatching(/^aud_[0-9a-z]{24}$/) as string,
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    actor: "doer",
    owner: "doer",
    connection: id,
    provider: "microsoft",
    action: "disconnect",
    outcome: "ok",
    code: null,
    provider_code: null,
    request_id: "request-1",
  });
  expect(first).toMatchObject({ action: "connect", outcome: "ok", connection: id });
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => records.length - index));
  expect(records.slice(0, -1).map(({ prev_hash }) => prev_hash)).toEqual(records.slice(1).map(({ hash }) => hash));
});

test("pages hold every record once, though others come in between", async () => {
  await happened("pager", 7);
  const seen: unknown[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string> = cursor === null ? { limit: "2" } : { limit: "2", cursor };
    const { records, next_cursor }: Page = await page({ sub: "pager" }, query);
    seen.push(...records.map(({ request_id }) => request_id));
    cursor = next_cursor;
    await happened("pager", 1, { requestId: "later" });
  } while (cursor !== null);
  expect(seen).toEqual(["pager-6", "pager-5", "pager-4", "pager-3", "pager-2", "pager-1", "pager-0"]);
});

test("a list is narrowed by time, provider, connection, action and outcome", async () => {
  const before = new Date(Date.now() - 60_000).toISOString();
  const after = new Date(Date.now() + 60_000).toISOString();
  const connection = await connected({ sub: "narrow" });
  await happened("narrow", 1, { provider: "google", action: "sync", outcome: "failed", failure: { code: "internal" } });
  const count = async (query: Record<string, string>) => (await page({ sub: "narrow" }, query)).records.length;
  const all = await count({});
  expect(await count({ provider: "google" })).toBe(1);
  expect(await count({ outcome: "failed" })).toBe(1);
  expect(await count({ action: "sync" })).toBe(1);
  expect(await count({ action: "connect", connection })).toBe(1);
  expect(await count({ connection: "con_000000000000000000000000" })).toBe(0);
  expect(await count({ from: before, to: after })).toBe(all);
  expect(await count({ to: before })).toBe(0);
  expect(await count({ from: after })).toBe(0);
  const [failed] = (await page({ sub: "narrow" }, { action: "sync" })).records;
  expect(failed).toMatchObject({ code: "internal", provider: "google" });
});

test.each([
  ["limit=0", "limit"],
  ["limit=201", "limit"],
  ["cursor=nonsense", "cursor"],
  ["action=nothing", "action"],
  ["from=yesterday", "from"],
  ["connection=1", "connection"],
  ["color=red", "color"],
])("a query with %s is refused by that name", async (query, path) => {
  const problem = await problemOf(await call(`${AUDIT}?${query}`, { sub: "asker" }));
  expect(problem).toMatchObject({
    status: 422,
    code: "validation_failed",
    errors: [expect.objectContaining({ path })],
  });
});

test("a cursor of another list is refused", async () => {
  await happened("crosser", 2);
  const { next_cursor: cursor } = await page({ sub: "crosser" }, { limit: "1" });
  for (const path of ["/oauth/consents", "/oauth/audit/verify"])
    expect(await problemOf(await call(`/api/v1${path}?cursor=${cursor}`, { sub: "crosser" }))).toMatchObject({
      code: "validation_failed",
    });
});

test("nobody but an operator reads the records of others", async () => {
  await happened("victim", 2);
  for (const path of ["audit", "audit/verify", "consents", "analytics"])
    for (const roles of [["user"], ["tenant_admin"], ["service"]]) {
      const answer = await call(`/api/v1/oauth/${path}?owner=victim`, { sub: "thief", roles });
      expect(await problemOf(answer)).toMatchObject({ status: 403, code: "forbidden", missing_role: "operator" });
    }
  expect((await page({ sub: "thief" })).records).toEqual([]);
  expect((await page({ sub: "victim" }, { owner: "victim" })).records).toHaveLength(2);
});

test("an operator reads everybody's, or one owner's, and each reading is in the operator's own trail", async () => {
  await happened("watched", 2);
  const claims = operator("watcher");
  const one = await page(claims, { owner: "watched", action: "refresh" });
  expect(one.records.map(({ owner }) => owner)).toEqual(["watched", "watched"]);
  expect(new Set((await page(claims, { limit: "200" })).records.map(({ owner }) => owner)).size).toBeGreaterThan(1);
  await json("/api/v1/oauth/audit/verify?owner=watched", claims);
  await json("/api/v1/oauth/consents", claims);
  await json("/api/v1/oauth/analytics?owner=watched", claims);
  // What is their own is nobody's business.
  const { records } = await page(claims, { owner: "watcher" });
  expect(records.map(({ action, actor, detail }) => ({ action, actor, detail })).toReversed()).toEqual([
    {
      action: "operator_read",
      actor: "watcher",
      detail: { what: "audit", action: "refresh", records: 2, owner: "watched" },
    },
    expect.objectContaining({ detail: expect.objectContaining({ what: "audit", owner: "*" }) as object }),
    expect.objectContaining({ detail: { what: "audit_verify", records: 2, owner: "watched" } }),
    expect.objectContaining({ detail: expect.objectContaining({ what: "consents", owner: "*" }) as object }),
    expect.objectContaining({ detail: expect.objectContaining({ what: "analytics", owner: "watched" }) as object }),
  ]);
  expect((await page({ sub: "watched" })).records).toHaveLength(2);
});

test("one's chain is proved, and one that was touched is not", async () => {
  await happened("prover", 5);
  const verify = (claims: TokenClaims, query = "") => json<object>(`${AUDIT}/verify${query}`, claims);
  const sound = { ok: true, records: 5, from_seq: 1, to_seq: 5, anchored: false, next_cursor: null };
  expect(await verify({ sub: "prover" })).toEqual(sound);
  expect(await verify(operator("prover-of-others"), "?owner=prover")).toEqual(sound);
  // Without an owner it is the operator's own, in which the reading is.
  expect(await verify(operator("prover-of-others"))).toMatchObject({ ok: true, records: 1 });
  await env.DB.prepare("update audit set actor = 'mallory' where owner = 'prover' and seq = 3").run();
  const touched = { ok: false, records: 2, to_seq: 2, broken_at: 3, reason: "changed" };
  expect(await verify({ sub: "prover" })).toMatchObject(touched);
  await env.DB.prepare("delete from audit where owner = 'prover' and seq > 2").run();
  expect(await verify({ sub: "prover" })).toMatchObject({ ok: false, broken_at: 3, reason: "truncated" });
});

test("the two systems know nothing of each other's records", async () => {
  await happened("both", 2);
  expect((await page({ sub: "both" })).records).toHaveLength(2);
  expect((await page({ sub: "both" }, {}, BETA_AUDIT)).records).toEqual([]);
  const claims = operator("beta-operator");
  expect((await page(claims, { owner: "both" }, BETA_AUDIT)).records).toEqual([]);
  const seen = await page(claims, { limit: "200" }, BETA_AUDIT);
  expect(seen.records.map(({ owner }) => owner)).not.toContain("both");
  // The reading itself was recorded in beta, and only there.
  expect((await page(claims, { action: "operator_read" })).records.map(({ actor }) => actor)).not.toContain(
    "beta-operator",
  );
});

test("nobody can be the owner of the system's own trail", async () => {
  expect(await problemOf(await call(AUDIT, { sub: "@latchkey" }))).toMatchObject({ status: 401 });
  expect(await problemOf(await call(BETA_AUDIT, { sub: "@latchkey", teacher_id: "1" }))).toMatchObject({ status: 401 });
});
