import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { tenantRows } from "../../src/db/tenants.ts";
import { applicationOf } from "../../src/directory/connect/credential.ts";
import { openSql } from "../../src/directory/store/sql.ts";
import { open } from "../../src/lib/seal.ts";
import { openHouse } from "../../src/system.ts";
import { CLIENT_CERTIFICATE, CLIENT_CERTIFICATE_KEY } from "../sandbox/certificates.ts";
import { call, listen, sandbox } from "../support.ts";
import { adminOf, CLIENT, disconnect, makeTenant, read, rowOf, setUp, statusOf } from "./connecting.ts";

afterEach(() => vi.restoreAllMocks());

const PEM = `${CLIENT_CERTIFICATE}\n${CLIENT_CERTIFICATE_KEY}`;
const AVAILABLE = { status: "available" };
const EVERYTHING = {
  users: AVAILABLE,
  groups: AVAILABLE,
  members: AVAILABLE,
  devices: AVAILABLE,
  managed_devices: AVAILABLE,
  sign_in_activity: AVAILABLE,
  licences: AVAILABLE,
  sign_ins: AVAILABLE,
  directory_audits: AVAILABLE,
  alerts: AVAILABLE,
};

/** Looks into the organisation's own storage. */
function inside<T>(org: string, look: (sql: ReturnType<typeof openSql>, state: DurableObjectState) => T): Promise<T> {
  return runInDurableObject(env.TENANT_DIRECTORY.getByName(org), (_, state) => look(openSql(state.storage), state));
}

test("a tenant is connected by a secret, and says what it lets be read", async () => {
  const { tenant_id: id, domain } = await makeTenant(101, { display_name: "Contoso 101" });
  const answer = await setUp("by-secret", { tenant_id: id, ...CLIENT });
  expect(answer).toEqual({
    status: 201,
    tenant: { id, name: "Contoso 101", domains: [domain, "tenant-101.onmicrosoft.com"] },
    credential: { kind: "secret", client_id: CLIENT.client_id, expires_at: null },
    capabilities: EVERYTHING,
  });
  expect(await statusOf("by-secret")).toMatchObject({
    status: 200,
    connected: true,
    tenant: { id, name: "Contoso 101" },
    credential: { kind: "secret", expires_at: null, expires_in_days: null, status: "active" },
    capabilities: EVERYTHING,
    connected_by: "admin-of-by-secret",
    counts: { users: 0 },
    running: null,
  });
});

test("the secret is sealed in its row and nowhere else: not in an answer, not in the object, not in the log", async () => {
  const lines = listen();
  const { tenant_id: id } = await makeTenant(102);
  const secret = "sandbox-secret";
  const answers = [await setUp("sealed", { tenant_id: id, ...CLIENT }), await statusOf("sealed")];
  expect(JSON.stringify(answers)).not.toContain(secret);
  expect(lines.join("\n")).not.toContain(secret);
  expect(JSON.stringify(await rowOf("sealed"))).not.toContain(secret);
  expect(await rowOf("sealed")).toMatchObject({
    credential: expect.stringMatching(/^v1\.k1\./) as string,
    sealed_with: "k1",
    credential_kind: "secret",
  });
  const stored = await inside("sealed", (sql) => JSON.stringify(sql.all("SELECT * FROM state")));
  expect(stored).not.toContain(secret);
  expect(stored).not.toContain("v1.k1.");
});

test("a certificate connects as well, by the tenant's domain, and says itself when it ends", async () => {
  const { tenant_id: id, domain } = await makeTenant(103);
  const { client_id } = CLIENT;
  expect(await setUp("by-certificate", { tenant_id: domain.toUpperCase(), client_id, certificate: PEM })).toMatchObject(
    {
      status: 201,
      tenant: { id },
      credential: { kind: "certificate", expires_at: "2126-10-28T11:38:12.000Z" },
    },
  );
  expect((await rowOf("by-certificate"))?.["credential"]).not.toContain("PRIVATE");
});

test("the end of a secret is told where the registration may be read, with the days that are left", async () => {
  const { tenant_id: id } = await makeTenant(104);
  const ends = Date.now() + 30.5 * 86_400_000;
  const client_id = "22222222-aaaa-4bbb-8ccc-000000000104";
  await sandbox("POST", "clients", {
    client_id,
    tenant: id,
    granted_roles: { [id]: ["Application.Read.All", "Organization.Read.All", "User.Read.All"] },
    secrets: [
      { value: "abc-of-ours", expires_at: new Date(ends).toISOString() },
      { value: "abc-later", expires_at: new Date(ends + 86_400_000).toISOString() },
      { value: "abc-over", expires_at: new Date(Date.now() - 1_000).toISOString() },
      { value: "xyz-sooner", expires_at: new Date(Date.now() + 1_000).toISOString() },
    ],
  });
  const answer = await setUp("expiry", { tenant_id: id, client_id, client_secret: "abc-later" });
  expect(answer).toMatchObject({ status: 201 });
  const expiry = (answer["credential"] as { expires_at: string }).expires_at;
  expect(Math.abs(Date.parse(expiry) - ends)).toBeLessThan(1_000);
  expect(await statusOf("expiry")).toMatchObject({ credential: { expires_in_days: 30 } });
});

test("the same tenant again replaces the credential and keeps the copy; another one has to wait for a disconnect", async () => {
  const { tenant_id: id } = await makeTenant(105);
  const other = await makeTenant(106);
  await setUp("again", { tenant_id: id, ...CLIENT });
  const first = await rowOf("again");
  await inside("again", (sql) => sql.run("INSERT INTO nodes (id, type) VALUES ('kept', 1)"));
  const { client_id } = CLIENT;
  expect(await setUp("again", { tenant_id: id, client_id, certificate: PEM })).toMatchObject({ status: 200 });
  expect(await rowOf("again")).toMatchObject({ id: first?.["id"], credential_kind: "certificate", version: 2 });
  expect(await setUp("again", { tenant_id: other.tenant_id, ...CLIENT })).toMatchObject({
    status: 409,
    code: "conflict",
    detail: expect.stringContaining("Disconnect it first") as string,
  });
  expect(await inside("again", (sql) => sql.all("SELECT id FROM nodes"))).toEqual([{ id: "kept" }]);
  expect(await rowOf("again")).toMatchObject({ tenant_id: id, version: 2 });
});

test("two set-ups at once leave one connection, and both are told how they ended", async () => {
  const { tenant_id: id } = await makeTenant(107);
  const answers = await Promise.all([1, 2, 3].map(() => setUp("at-once", { tenant_id: id, ...CLIENT })));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  for (const status of statuses) expect([200, 201, 409]).toContain(status);
  expect(await statusOf("at-once")).toMatchObject({ connected: true });
});

test("a disconnect forgets the credential, the copy and the alarm, and may be repeated", async () => {
  const { tenant_id: id } = await makeTenant(108);
  await setUp("forget", { tenant_id: id, ...CLIENT });
  await inside("forget", async (sql, state) => {
    sql.run("INSERT INTO nodes (id, type) VALUES ('copied', 1)");
    await state.storage.setAlarm(Date.now() + 3_600_000);
  });
  expect(await disconnect("forget")).toEqual({ status: 204 });
  expect(await rowOf("forget")).toBeNull();
  expect(await inside("forget", (sql) => [sql.all("SELECT * FROM nodes"), sql.all("SELECT * FROM state")])).toEqual([
    [],
    [],
  ]);
  expect(await inside("forget", (_, state) => state.storage.getAlarm())).toBeNull();
  expect(await statusOf("forget")).toEqual({ status: 200, connected: false });
  expect(await disconnect("forget")).toEqual({ status: 204 });
  expect(await disconnect("never-connected")).toEqual({ status: 204 });
  // And another tenant may come.
  const other = await makeTenant(109);
  expect(await setUp("forget", { tenant_id: other.tenant_id, ...CLIENT })).toMatchObject({ status: 201 });
});

test("what a connection has left behind is forgotten before another tenant is copied into it", async () => {
  const [first, second] = [await makeTenant(110), await makeTenant(111)];
  await setUp("leftover", { tenant_id: first.tenant_id, ...CLIENT });
  await inside("leftover", (sql) => sql.run("INSERT INTO nodes (id, type) VALUES ('of the first', 1)"));
  // The object ended between the two steps of a disconnect.
  await env.DB.prepare("delete from tenants where org = 'leftover'").run();
  expect(await setUp("leftover", { tenant_id: second.tenant_id, ...CLIENT })).toMatchObject({ status: 201 });
  expect(await inside("leftover", (sql) => sql.all("SELECT * FROM nodes"))).toEqual([]);
});

test("organisations that connect the same tenant have a connection each, and see nothing of the other's", async () => {
  const { tenant_id: id } = await makeTenant(112);
  await setUp("org-a", { tenant_id: id, ...CLIENT });
  expect(await statusOf("org-b")).toEqual({ status: 200, connected: false });
  expect(await read(await call("/v1/microsoft/runs", adminOf("org-b")))).toMatchObject({
    status: 404,
    code: "not_connected",
    authorize_path: "/v1/microsoft/setup",
  });
  expect(await setUp("org-b", { tenant_id: id, ...CLIENT })).toMatchObject({ status: 201 });
  await disconnect("org-a");
  expect(await statusOf("org-b")).toMatchObject({ connected: true, tenant: { id } });
});

test("a credential opens in its own organisation's row alone, and not as a grant's token", async () => {
  const { tenant_id: id } = await makeTenant(113);
  await setUp("whose", { tenant_id: id, ...CLIENT });
  await setUp("thief", { tenant_id: id, ...CLIENT });
  const house = openHouse(env);
  const rows = tenantRows(openDatabase(env.DB));
  const [mine, theirs] = [await rows.find("whose"), await rows.find("thief")];
  if (!mine || !theirs) throw new Error("not connected");
  expect(await applicationOf(house, mine)).toMatchObject({ secrets: [CLIENT.client_secret] });
  const stolen = { credential: mine.credential };
  for (const row of [
    { ...theirs, ...stolen },
    { ...theirs, ...stolen, id: mine.id },
    { ...mine, org: "thief" },
    { ...mine, id: theirs.id },
  ])
    await expect(applicationOf(house, row)).rejects.toMatchObject({ code: "internal" });
  for (const system of ["main", "beta"])
    await expect(
      open(house.ring, { system, owner: "whose", connection: mine.id, field: "credential" }, mine.credential ?? ""),
    ).rejects.toMatchObject({ code: "internal" });
});

test("what people do is in their own trail, with the organisation and the tenant, failures too", async () => {
  const { tenant_id: id } = await makeTenant(119);
  await setUp("trail", { tenant_id: id, ...CLIENT, client_secret: "wrong" });
  await setUp("trail", { tenant_id: id, ...CLIENT });
  await disconnect("trail");
  const answer = await call("/api/v1/oauth/audit", { sub: "admin-of-trail" });
  const { records } = await answer.json<{ records: Record<string, unknown>[] }>();
  expect(records.map(({ action, outcome, code, detail }) => [action, outcome, code, detail])).toEqual([
    ["tenant_disconnect", "ok", null, { org: "trail", tenant: id }],
    ["tenant_setup", "ok", null, { org: "trail", source: "body", tenant: id }],
    ["tenant_setup", "failed", "validation_failed", { org: "trail", source: "body", tenant: id }],
  ]);
});
