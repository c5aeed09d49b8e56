import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { EventRecord } from "../../src/db/companions.ts";
import { connectionRows } from "../../src/db/connections.ts";
import { openDatabase } from "../../src/db/database.ts";
import { eventRows } from "../../src/db/events.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { newEventId, type SystemName } from "../../src/lib/ids.ts";
import { connectionRow } from "../db/rows.ts";
import { call, callerToken, listen, ORIGIN, type TokenClaims, workerWith } from "../support.ts";
import { BASES, problemOf, withstands } from "./security.ts";

const HOOKS = JSON.stringify([
  { id: "app", url: "https://hooks.test/app", secrets: [`whsec_${btoa("k".repeat(32))}`] },
]);
const NOBODYS = "evt_000000000000000000000000";
const minute = (name: string, quota: number) => ({ limit: { name, quota, windowS: 60 } });

afterEach(() => vi.restoreAllMocks());

for (const base of BASES) {
  withstands({ base, method: "GET", path: "/oauth/events", ...minute("reads", 100) });
  withstands({ base, method: "POST", path: `/oauth/events/${NOBODYS}/redeliver`, ...minute("manage", 50) });
}

/** Stores events of one connection of `owner`, all of them delivered. */
async function told(owner: string, types: readonly string[], system: SystemName = "main"): Promise<EventRecord[]> {
  const tables = tablesFor(system);
  const row = connectionRow(owner, newEventId());
  const delivered = { state: "delivered", attempts: 2, nextAt: null, lastStatus: 204, lastError: null } as const;
  const events = types.map((type, index): EventRecord => ({
    id: newEventId(),
    at: Date.parse("2026-01-01T00:00:00Z") + index,
    owner,
    connection: row.id,
    version: index,
    type,
    body: JSON.stringify({ type, data: { owner } }),
    state: "delivered",
    dueAt: null,
    deliveries: { app: delivered },
  }));
  await connectionRows(openDatabase(env.DB), tables).insert(row, { events });
  return events;
}

interface Page {
  readonly events: readonly { readonly id: string; readonly owner: string; readonly type: string }[];
  readonly next_cursor: string | null;
}

async function list(claims: TokenClaims, query = "", base = "/api/v1"): Promise<Page> {
  const answer = await call(`${base}/oauth/events${query}`, claims);
  expect(answer.status).toBe(200);
  return answer.json<Page>();
}

/** A redelivery by a Worker that has an endpoint. */
async function redeliver(id: string, claims: TokenClaims, base = "/api/v1"): Promise<Response> {
  const worker = workerWith({ WEBHOOKS: HOOKS });
  const headers = { Authorization: `Bearer ${await callerToken(claims)}` };
  return worker(new Request(`${ORIGIN}${base}/oauth/events/${id}/redeliver`, { method: "POST", headers }));
}

const find = (id: string, system: SystemName = "main") => eventRows(openDatabase(env.DB), tablesFor(system)).find(id);

const operator = { sub: "the-operator", roles: ["operator"] };

describe("GET /oauth/events", () => {
  test("shows what the application was told, and how far each endpoint has come", async () => {
    const [event] = await told("shown", ["connection.created"]);
    expect(await list({ sub: "shown" })).toEqual({
      events: [
        {
          id: event?.id,
          at: "2026-01-01T00:00:00.000Z",
          type: "connection.created",
          owner: "shown",
          connection: event?.connection,
          state: "delivered",
          deliveries: [
            {
              endpoint: "app",
              state: "delivered",
              attempts: 2,
              next_attempt_at: null,
              last_status: 204,
              last_error: null,
            },
          ],
          payload: { type: "connection.created", data: { owner: "shown" } },
        },
      ],
      next_cursor: null,
    });
  });

  test("a caller sees their own events alone, in the system that was asked", async () => {
    await told("mine", ["connection.created"]);
    await told("theirs", ["connection.created"]);
    await told("sub:mine", ["connection.revoked"], "beta");
    expect((await list({ sub: "mine" })).events.map(({ type }) => type)).toEqual(["connection.created"]);
    expect((await list({ sub: "mine" }, "", "/api/v1/beta")).events.map(({ type }) => type)).toEqual([
      "connection.revoked",
    ]);
    const answer = await call("/api/v1/oauth/events?owner=theirs", { sub: "mine" });
    expect(await problemOf(answer)).toMatchObject({ status: 403, code: "forbidden", missing_role: "operator" });
    expect((await list({ sub: "mine" }, "?owner=mine")).events).toHaveLength(1);
  });

  test("an operator sees everybody's, or one owner's", async () => {
    await told("first-owner", ["connection.created"]);
    await told("second-owner", ["connection.created"]);
    const owners = new Set((await list(operator, "?limit=200")).events.map(({ owner }) => owner));
    expect([...owners]).toEqual(expect.arrayContaining(["first-owner", "second-owner"]));
    expect((await list(operator, "?owner=first-owner")).events.map(({ owner }) => owner)).toEqual(["first-owner"]);
  });

  test("filters and pages, newest first, and a cursor is worth nothing elsewhere", async () => {
    const types = ["connection.created", "connection.updated", "connection.updated"];
    const [first] = await told("pages-of", types);
    await told("pages-of", ["connection.revoked"]);
    const claims = { sub: "pages-of" };
    expect((await list(claims, "?type=connection.updated")).events).toHaveLength(2);
    expect((await list(claims, `?connection=${first?.connection}`)).events).toHaveLength(3);
    expect((await list(claims, "?state=failed")).events).toEqual([]);
    const one = await list(claims, "?limit=3");
    const two = await list(claims, `?limit=3&cursor=${one.next_cursor}`);
    expect([one.events.length, two.events.length, two.next_cursor]).toEqual([3, 1, null]);
    expect(new Set([...one.events, ...two.events].map(({ id }) => id)).size).toBe(4);
  });

  test.each(["limit=0", "limit=201", "type=connection.sold", "state=lost", "connection=1", "cursor=eyJ9", "other=1"])(
    "refuses ?%s",
    async (query) => {
      const answer = await call(`/api/v1/oauth/events?${query}`, { sub: "refused" });
      expect(await problemOf(answer)).toMatchObject({ status: 422, code: "validation_failed" });
    },
  );
});

describe("POST /oauth/events/{id}/redeliver", () => {
  test("an owner's event is to be delivered again, at once", async () => {
    const [event] = await told("again", ["connection.created"]);
    const answer = await redeliver(event?.id ?? "", { sub: "again" });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({
      id: event?.id,
      state: "pending",
      deliveries: [{ endpoint: "app", state: "pending", attempts: 0, last_status: null }],
    });
    // The keeper was woken; its own variables name no endpoint, and it says so.
    await vi.waitFor(async () => expect((await find(event?.id ?? ""))?.state).toBe("failed"), 5_000);
    expect(await find(event?.id ?? "")).toMatchObject({ deliveries: { app: { lastError: "endpoint_removed" } } });
  });

  test("an operator may ask for anybody's; anybody else's is not known", async () => {
    const [event] = await told("asked-for", ["connection.created"]);
    const id = event?.id ?? "";
    expect(await problemOf(await redeliver(id, { sub: "nosy" }))).toMatchObject({ status: 404, code: "not_found" });
    expect(await problemOf(await redeliver(id, operator, "/api/v1/beta"))).toMatchObject({ code: "not_found" });
    expect(await problemOf(await redeliver(NOBODYS, operator))).toMatchObject({ code: "not_found" });
    expect(await find(id)).toEqual(event);
    expect((await redeliver(id, operator)).status).toBe(202);
    // What an operator does with others' records is recorded.
    const trail = await (await call("/api/v1/oauth/audit?owner=the-operator", operator)).json<{ records: object[] }>();
    const detail = expect.objectContaining({ what: "event_redelivery", event: id, owner: "asked-for" }) as object;
    expect(trail.records).toContainEqual(expect.objectContaining({ action: "operator_read", detail }));
  });

  test("where nobody wants to be told there is nothing to do", async () => {
    listen();
    const [event] = await told("nobody", ["connection.created"]);
    const answer = await call(`/api/v1/oauth/events/${event?.id}/redeliver`, { sub: "nobody" }, { method: "POST" });
    expect(await problemOf(answer)).toMatchObject({ status: 409, code: "conflict" });
    expect(await find(event?.id ?? "")).toEqual(event);
  });
});
