import { expect, test } from "vitest";
import { type Change, eventsOf } from "../../../src/connections/events/events-of.ts";
import type { Connection } from "../../../src/db/connections.ts";
import { EVENT_TYPES, type EventType } from "../../../src/lib/config-webhooks.ts";
import { endpointOf } from "../../faults/receiver.ts";
import { connectionRow } from "../../db/rows.ts";

const NOW = Date.parse("2026-11-20T10:00:00Z");
const telling = { system: "main" as const, endpoints: [endpointOf("app")], now: NOW };
const row = connectionRow("ana", "account");
const newer = (more: Partial<Connection> = {}, before = row): Connection => ({
  ...before,
  version: before.version + 1,
  ...more,
});
const refreshed = newer({ generation: 2 });

/** The types that a change causes. */
function typesOf(change: Partial<Change> & Pick<Change, "next">): string[] {
  return eventsOf({ before: row, decided: false, failures: 0, ...change }, telling).map(({ type }) => type);
}

test.each<[string, Partial<Change> & Pick<Change, "next">, EventType[]]>([
  ["a first sign-in", { before: undefined, next: row, decided: true }, ["connection.created"]],
  [
    "a sign-in after a disconnect",
    { before: newer({ status: "revoked" }), next: newer(), decided: true },
    ["connection.created"],
  ],
  ["a sign-in over a live row", { next: refreshed, decided: true, failures: 3 }, ["connection.updated"]],
  [
    "a sign-in that heals",
    { before: newer({ status: "reauth_required" }), next: newer({ generation: 2 }), decided: true },
    ["connection.updated"],
  ],
  ["a refresh", { next: refreshed }, []],
  ["a refresh after failures", { next: refreshed, failures: 2 }, ["connection.refreshed_after_failure"]],
  [
    "a refresh that brings other scopes, after failures",
    { next: { ...refreshed, scopes: ["a"] }, failures: 2 },
    ["connection.updated", "connection.refreshed_after_failure"],
  ],
  ["scopes in another order", { before: newer({ scopes: ["a", "b"] }), next: newer({ scopes: ["b", "a"] }) }, []],
  ["another name", { next: newer({ profile: { ...row.profile, name: "Anna" } }) }, ["connection.updated"]],
  ["a refusal", { next: newer({ status: "reauth_required" }), failures: 2 }, ["connection.reauth_required"]],
  [
    "a second refusal",
    { before: newer({ status: "reauth_required" }), next: newer({ status: "reauth_required", statusReason: "x" }) },
    [],
  ],
  ["a disconnect", { next: newer({ status: "revoked", scopes: [] }), decided: true }, ["connection.revoked"]],
  ["what follows a disconnect", { before: newer({ status: "revoked" }), next: newer({ status: "revoked" }) }, []],
  ["an end that is near", { next: newer({ expiryAnnouncedAt: 5 }) }, ["connection.expiring_soon"]],
  [
    "an end that was announced before",
    { before: newer({ expiryAnnouncedAt: 5 }), next: newer({ expiryAnnouncedAt: 5 }) },
    [],
  ],
  ["a disconnect of a row that was never stored", { before: undefined, next: newer({ status: "revoked" }) }, []],
])("%s", (_, change, types) => {
  expect(typesOf(change)).toEqual(types);
});

test("an event says what the application needs, and nothing that is sealed", () => {
  const scopes = ["openid", "Mail.Read"];
  const next = newer({
    scopes,
    statusClaims: "claims",
    statusCode: "AADSTS1",
    grantExpiresAt: NOW,
    expiryAnnouncedAt: 1,
  });
  const [updated, expiring] = eventsOf({ before: row, next, decided: false, failures: 0 }, telling);
  const connection = {
    id: row.id,
    provider: "microsoft",
    status: "active",
    status_reason: null,
    mend: null,
    account: { name: "Ana", address: null, tenant: null },
    scopes,
    connected_at: "1970-01-01T00:00:00.001Z",
  };
  const data = { system: "main", owner: "ana", connection };
  const timestamp = "2026-11-20T10:00:00.000Z";
  expect(JSON.parse(updated?.body ?? "")).toEqual({
    type: "connection.updated",
    timestamp,
    data: { ...data, changed: ["scopes"] },
  });
  expect(JSON.parse(expiring?.body ?? "")).toEqual({
    type: "connection.expiring_soon",
    timestamp,
    data: { ...data, expires_at: timestamp },
  });
  expect(updated?.body).not.toContain("v1.");
  expect(updated).toMatchObject({
    at: NOW,
    owner: "ana",
    connection: row.id,
    version: 2,
    state: "pending",
    dueAt: NOW,
  });
  expect(updated?.deliveries).toEqual({
    app: { state: "pending", attempts: 0, nextAt: NOW, lastStatus: null, lastError: null },
  });
});

test("an event stays below 20 kB, whatever the provider calls things", () => {
  const long = "\u0001".repeat(10_000);
  const scopes = Array.from({ length: 2_000 }, (_, index) => `https://graph.microsoft.com/Scope.${index}`);
  const next = newer({ profile: { name: long, address: long, tenant: long }, scopes });
  const [event] = eventsOf({ before: undefined, next, decided: true, failures: 0 }, telling);
  expect(new TextEncoder().encode(event?.body).length).toBeLessThan(20_000);
  const { data } = JSON.parse(event?.body ?? "") as { data: { connection: { scopes: []; scopes_left_out: number } } };
  expect(data.connection.scopes.length + data.connection.scopes_left_out).toBe(2_000);
});

test("only endpoints that want a type are told, and where none does nothing is stored", () => {
  const change = { before: undefined, next: row, decided: true, failures: 0 };
  const only = { ...endpointOf("only"), events: ["connection.revoked" as const] };
  const all = { ...endpointOf("all"), events: undefined };
  expect(eventsOf(change, { ...telling, endpoints: [] })).toEqual([]);
  expect(eventsOf(change, { ...telling, endpoints: [only] })).toEqual([]);
  expect(Object.keys(eventsOf(change, { ...telling, endpoints: [only, all] })[0]?.deliveries ?? {})).toEqual(["all"]);
  expect(EVENT_TYPES).toHaveLength(6);
});
