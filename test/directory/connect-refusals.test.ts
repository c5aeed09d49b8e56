import { afterEach, expect, test, vi } from "vitest";
import { CLIENT_CERTIFICATE, CLIENT_CERTIFICATE_KEY, STRANGER } from "../sandbox/certificates.ts";
import { listen, received, sandbox } from "../support.ts";
import { CLIENT, makeTenant, rowOf, setUp, statusOf } from "./connecting.ts";

afterEach(() => vi.restoreAllMocks());

const PEM = `${CLIENT_CERTIFICATE}\n${CLIENT_CERTIFICATE_KEY}`;
const AVAILABLE = { status: "available" };

test.each([
  ["a wrong secret", { client_secret: "wrong" }, "client_secret", "AADSTS7000215", /Was its ID pasted/],
  [
    "an unknown application",
    { client_id: "99999999-aaaa-4bbb-8ccc-000000000001" },
    "client_id",
    "AADSTS700016",
    /administrator/,
  ],
  ["an unknown tenant", { tenant_id: "99999999-aaaa-4bbb-8ccc-999999999999" }, "tenant_id", "AADSTS90002", /cloud/],
  ["a domain of nobody", { tenant_id: "nobody.example" }, "tenant_id", "AADSTS90002", /cloud/],
  [
    "a certificate that nobody registered",
    { client_secret: undefined, certificate: STRANGER },
    "certificate",
    "AADSTS700027",
    /registered/,
  ],
])("%s is the body's mistake: it is named, and nothing is stored", async (what, change, path, code, says) => {
  const lines = listen();
  const { tenant_id: id } = await makeTenant(114);
  const org = `refused-${what}`;
  const answer = await setUp(org, { tenant_id: id, ...CLIENT, ...change });
  expect(answer).toMatchObject({ status: 422, code: "validation_failed", errors: [{ path }], provider_code: code });
  expect(answer["detail"]).toMatch(says);
  expect(await rowOf(org)).toBeNull();
  expect(await statusOf(org)).toEqual({ status: 200, connected: false });
  expect(lines.join("\n")).not.toMatch(/sandbox-secret|PRIVATE/);
});

test.each([
  [
    "an expired secret",
    { secrets: [{ value: "old", expires_at: "2020-01-01T00:00:00Z" }] },
    "client_secret",
    "AADSTS7000222",
  ],
  ["a disabled application", { secrets: [{ value: "old" }], disabled: true }, "client_id", "AADSTS7000112"],
])("%s is told for what it is", async (what, client, path, code) => {
  const { tenant_id: id } = await makeTenant(115);
  const client_id = `33333333-aaaa-4bbb-8ccc-00000000${String(what.length).padStart(4, "0")}`;
  await sandbox("POST", "clients", { client_id, tenant: id, granted_roles: { [id]: [] }, ...client });
  expect(await setUp(`told-${what}`, { tenant_id: id, client_id, client_secret: "old" })).toMatchObject({
    status: 422,
    errors: [{ path }],
    provider_code: code,
  });
});

test("an application without any permission needs an administrator, whose page is named, and is not stored", async () => {
  const { tenant_id: id } = await makeTenant(116, { roles: [] });
  expect(await setUp("no-consent", { tenant_id: id, ...CLIENT })).toMatchObject({
    status: 409,
    code: "admin_consent_required",
    admin_consent_url: `https://login.microsoftonline.com/${id}/adminconsent?client_id=${CLIENT.client_id}`,
    detail: expect.stringContaining("User.Read.All") as string,
  });
  expect(await rowOf("no-consent")).toBeNull();
});

test("one permission is enough to connect, and what the others would open is told with how to mend it", async () => {
  const { tenant_id: id } = await makeTenant(117, { roles: ["User.Read.All"] });
  const answer = await setUp("little", { tenant_id: id, ...CLIENT });
  const url = `https://login.microsoftonline.com/${id}/adminconsent?client_id=${CLIENT.client_id}`;
  const missing = (...permissions: string[]) =>
    expect.objectContaining({ status: "permission_missing", permissions, admin_consent_url: url }) as unknown;
  expect(answer).toMatchObject({
    status: 201,
    admin_consent_url: url,
    capabilities: {
      users: AVAILABLE,
      groups: missing("GroupMember.Read.All"),
      members: missing("GroupMember.Read.All"),
      devices: missing("Device.Read.All"),
      managed_devices: missing("DeviceManagementManagedDevices.Read.All"),
      sign_in_activity: missing("AuditLog.Read.All"),
      sign_ins: missing("AuditLog.Read.All", "Directory.Read.All"),
      directory_audits: missing("AuditLog.Read.All", "Directory.Read.All"),
      alerts: missing("SecurityAlert.Read.All"),
    },
  });
});

test("a tenant that does not describe itself is connected by what else it lets be read", async () => {
  const { tenant_id: id } = await makeTenant(120);
  const body = { error: { code: "Authorization_RequestDenied", message: "Insufficient privileges." } };
  await sandbox("POST", "faults", { path: "/v1.0/organization", status: 403, body });
  expect(await setUp("nameless", { tenant_id: id, ...CLIENT })).toMatchObject({
    status: 201,
    tenant: { id, name: null, domains: [] },
  });
});

test("a token that opens another tenant than the one that was named proves nothing", async () => {
  const { tenant_id: id } = await makeTenant(123);
  const body = { value: [{ id: "99999999-aaaa-4bbb-8ccc-999999999999", displayName: "Another", verifiedDomains: [] }] };
  await sandbox("POST", "faults", { path: "/v1.0/organization", status: 200, body });
  expect(await setUp("another", { tenant_id: id, ...CLIENT })).toMatchObject({ status: 502, code: "provider_error" });
  expect(await rowOf("another")).toBeNull();
});

test.each([
  ["Entra", "/*/oauth2/v2.0/token", 503, "provider_unavailable"],
  ["discovery", "/*/v2.0/.well-known/openid-configuration", 503, "provider_unavailable"],
  ["Graph", "/v1.0/organization", 503, "provider_unavailable"],
  ["Graph's patience", "/v1.0/organization", 429, "provider_throttled"],
])("an outage of %s is nobody's mistake: it passes, and nothing is stored", async (what, path, status, code) => {
  const { tenant_id: id } = await makeTenant(121);
  await sandbox("POST", "faults", { path, status, times: 20, retry_after: 60, body: "down" });
  const answer = await setUp(`outage-${what}`, { tenant_id: id, ...CLIENT });
  await sandbox("DELETE", "faults");
  expect(answer).toMatchObject({ status: 503, code });
  expect(await rowOf(`outage-${what}`)).toBeNull();
});

test("a part of Graph that cannot be asked now is unknown, and stops nobody from connecting", async () => {
  const { tenant_id: id } = await makeTenant(122);
  await sandbox("POST", "faults", { path: "/v1.0/security/alerts_v2", status: 503, times: 20, retry_after: 60 });
  const answer = await setUp("partly", { tenant_id: id, ...CLIENT });
  await sandbox("DELETE", "faults");
  expect(answer).toMatchObject({ status: 201, capabilities: { users: AVAILABLE, alerts: { status: "unknown" } } });
});

test("a tenant without licences is told what it lacks, and not to ask for permissions that it has", async () => {
  const { tenant_id: id } = await makeTenant(118, { licences: { entra: "free", intune: false, defender: false } });
  const premium = { status: "licence_missing", licence: "Microsoft Entra ID P1 or P2" };
  const answer = await setUp("free", { tenant_id: id, ...CLIENT });
  expect(answer).toMatchObject({
    status: 201,
    capabilities: {
      users: AVAILABLE,
      directory_audits: AVAILABLE,
      sign_in_activity: premium,
      sign_ins: premium,
      managed_devices: { status: "service_missing", service: "Microsoft Intune" },
      alerts: { status: "service_missing", service: "Microsoft Defender" },
    },
  });
  expect(answer).not.toHaveProperty("admin_consent_url");
});

test.each([
  "common",
  "Organizations",
  "consumers",
  "9188040d-6c67-4c5b-b112-36a304b66dad",
  "evil.example/..",
  "../common",
  "evil.example#",
  "evil.example?x=1",
  "evil.example%2f..",
  "evil.example:443",
  "user@evil.example",
  "evil..example",
  "-evil.example",
  "evil",
  "10.0.0.1",
  "ｅvil.example",
  "évil.example",
  "",
  "a".repeat(64) + ".example",
])("a tenant named %j is refused before anything is asked", async (tenant) => {
  const before = (await received()).length;
  expect(await setUp("names", { tenant_id: tenant, ...CLIENT })).toMatchObject({
    status: 422,
    errors: [{ path: "tenant_id" }],
  });
  expect(await received()).toHaveLength(before);
});

test.each([
  [{ tenant_id: "contoso.example" }, ["client_id", "client_secret"]],
  [{ client_secret: "x" }, ["tenant_id", "client_id"]],
  [{ tenant_id: "contoso.example", ...CLIENT, certificate: PEM }, ["certificate"]],
  [{ tenant_id: "contoso.example", client_id: "latchkey", client_secret: "x" }, ["client_id"]],
  [{ tenant_id: "contoso.example", ...CLIENT, certificate: "no PEM" }, ["certificate"]],
  [{ tenant_id: 1, ...CLIENT }, ["tenant_id"]],
  [{ tenant_id: "contoso.example", ...CLIENT, tenent: "x" }, ["tenent"]],
])("a body that does not fit is refused by its fields: %j", async (body, paths) => {
  const answer = await setUp("bodies", body);
  expect(answer).toMatchObject({ status: 422, code: "validation_failed" });
  expect((answer["errors"] as { path: string }[]).map(({ path }) => path)).toEqual(paths);
});
