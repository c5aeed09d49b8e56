import { expect, test } from "vitest";
import { setUp } from "../../src/directory/connect/setup.ts";
import { statusOf } from "../../src/directory/connect/status.ts";
import { received, sandbox } from "../support.ts";
import { inObject, makeTenant, rowOf } from "./connecting.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST = "2030-03-01T00:00:00.000Z";
const LATER = "2031-03-01T00:00:00.000Z";

/** An application that may read its own registration, with one secret that ends then. */
async function register(number: number, tenant: string, ends: string): Promise<string> {
  const clientId = `44444444-aaaa-4bbb-8ccc-${String(number).padStart(12, "0")}`;
  const granted_roles = { [tenant]: ["Application.Read.All", "Organization.Read.All", "User.Read.All"] };
  const secrets = [{ value: "abc-of-ours", expires_at: ends }];
  await sandbox("POST", "clients", { client_id: clientId, tenant, granted_roles, secrets });
  return clientId;
}

function bodyOf(tenant: string, clientId: string) {
  return { source: "body", tenant, clientId, secret: "abc-of-ours", certificate: undefined } as const;
}

test("the end of a secret is read again once a day, so that a prolonged one is seen, and no more often", async () => {
  const { tenant_id: id } = await makeTenant(661);
  const clientId = await register(661, id, FIRST);
  const asked = async () => (await received(`/v1.0/applications(appId='${clientId}')`)).length;
  await inObject("prolonged", async (connection, time) => {
    await setUp(connection, { applicant: bodyOf(id, clientId), actor: "ana" });
    expect(await statusOf(connection)).toMatchObject({ credential: { expires_at: FIRST } });
    await register(661, id, LATER);
    time.now += 23 * HOUR_MS;
    expect(await statusOf(connection)).toMatchObject({ credential: { expires_at: FIRST } });
    expect(await asked()).toBe(1);
    time.now += 2 * HOUR_MS;
    expect(await statusOf(connection)).toMatchObject({ credential: { expires_at: LATER } });
    expect(await rowOf("prolonged")).toMatchObject({ secret_expires_at: Date.parse(LATER) });
    expect(await statusOf(connection)).toMatchObject({ credential: { expires_at: LATER } });
    expect(await asked()).toBe(2);
  });
});

test("where the end cannot be read the status says what was read before", async () => {
  const { tenant_id: id } = await makeTenant(662);
  const clientId = await register(662, id, FIRST);
  await inObject("unread", async (connection, time) => {
    await setUp(connection, { applicant: bodyOf(id, clientId), actor: "ana" });
    time.now += 2 * DAY_MS;
    await sandbox("POST", "faults", { path: `/v1.0/applications*`, status: 403, body: {}, times: 1 });
    expect(await statusOf(connection)).toMatchObject({ connected: true, credential: { expires_at: FIRST } });
    time.now += 2 * DAY_MS;
    const entra_error = { error: "invalid_client", code: 7000222, status: 401 };
    await sandbox("POST", "faults", { path: "/*/oauth2/v2.0/token", times: 1, entra_error });
    const told = await statusOf(connection);
    expect(told).toMatchObject({ connected: true, credential: { expires_at: FIRST } });
  });
});

test("an answer that stays out delays the status by two seconds at most", async () => {
  const { tenant_id: id } = await makeTenant(663);
  const clientId = await register(663, id, FIRST);
  await inObject("patient", async (connection, time) => {
    await setUp(connection, { applicant: bodyOf(id, clientId), actor: "ana" });
    time.now += 2 * DAY_MS;
    const waits: number[] = [];
    const { clock } = connection;
    const hasty = {
      now: () => clock.now(),
      after: (ms: number) => (waits.push(ms), { done: Promise.resolve(), cancel: () => undefined }),
    };
    expect(await statusOf({ ...connection, clock: hasty })).toMatchObject({ credential: { expires_at: FIRST } });
    expect(waits).toEqual([2_000]);
  });
});

test("the end that the operator names for the environment's secret is seen without a new set-up", async () => {
  const { tenant_id: id } = await makeTenant(664);
  const variables = (ends: string) => ({
    MICROSOFT_TENANT_ID: id,
    MICROSOFT_TENANT_ORG: "named",
    MICROSOFT_CLIENT_SECRET_EXPIRES_AT: ends,
  });
  await inObject(
    "named",
    (connection) => setUp(connection, { applicant: { source: "environment" }, actor: "ana" }),
    variables("2030-03-01"),
  );
  await inObject(
    "named",
    async (connection, time) => {
      time.now += 2 * DAY_MS;
      expect(await statusOf(connection)).toMatchObject({ credential: { expires_at: LATER } });
    },
    variables("2031-03-01"),
  );
});
