/** The guide driven by flags, as scripts drive it, against the stand-in of Entra. */
import { statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { parseDevVars } from "../../scripts/dev-vars.mjs";
import { pemCertificate } from "../../src/lib/pem.ts";
import { CLIENT_CERTIFICATE, CLIENT_CERTIFICATE_KEY, STRANGER } from "../sandbox/certificates.ts";
import {
  at,
  CLIENT_ID,
  copyWith,
  DIRECTORY,
  FLAGS,
  graphLists,
  microsoft,
  SECRET,
  type Server,
  setup,
  TENANT,
} from "./setup-support.ts";

const JWT_SECRET = "a-secret-of-at-least-thirty-two-bytes";
const KEY = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const MINE = `# mine\nJWT_SECRET_KEY=${JWT_SECRET}\n\nTOKEN_ENCRYPTION_KEY=${KEY} # keep\nLOG_LEVEL=DEBUG\n`;

const started: Server[] = [];

afterEach(() => {
  for (const server of started.splice(0)) server.stop();
});

async function entra(options?: Parameters<typeof microsoft>[0]): Promise<Server> {
  const server = await microsoft({ instead: graphLists(), ...options });
  started.push(server);
  return server;
}

test("a tenant is proved and written to .dev.vars, and the rest of the file stays", async () => {
  const server = await entra();
  const folder = copyWith(MINE);
  const { status, stdout, stderr, file, left } = await setup(folder, [...FLAGS, ...at(server)]);
  expect({ status, stderr, left }).toEqual({ status: 0, stderr: "", left: [] });
  expect(file?.startsWith(MINE.trimEnd())).toBe(true);
  expect(parseDevVars(file ?? "")).toEqual({
    ...parseDevVars(MINE),
    MICROSOFT_TENANT_ID: TENANT,
    MICROSOFT_CLIENT_ID: CLIENT_ID,
    MICROSOFT_CLIENT_SECRET: SECRET,
    MICROSOFT_TENANT_ORG: "contoso",
    MICROSOFT_LOGIN_URL: server.url,
    MICROSOFT_GRAPH_URL: server.url,
  });
  expect(statSync(path.join(folder, ".dev.vars")).mode & 0o777).toBe(0o600);
  expect(stdout).toContain(`Contoso (${TENANT})`);
  expect(stdout).toMatch(/users +works\n/);
});

test("where there is no .dev.vars it is begun with fresh keys", async () => {
  const { status, file, stdout } = await setup(copyWith(), [...FLAGS, ...at(await entra())]);
  expect(status).toBe(0);
  const vars = parseDevVars(file ?? "");
  expect(vars).toMatchObject({ ENVIRONMENT: "development", MICROSOFT_CLIENT_SECRET: SECRET });
  expect(Buffer.from(vars["TOKEN_ENCRYPTION_KEY"]?.replace("k1:", "") ?? "", "base64")).toHaveLength(32);
  expect(stdout).not.toContain(vars["TOKEN_ENCRYPTION_KEY"]);
});

test("a missing key is made, and a present one replaced only where that was said twice", async () => {
  const server = await entra();
  const none = await setup(copyWith(`JWT_SECRET_KEY=${JWT_SECRET}\n`), [...FLAGS, ...at(server)]);
  expect(parseDevVars(none.file ?? "")["TOKEN_ENCRYPTION_KEY"]).toMatch(/^k1:[\w+/]{43}=$/);
  const once = await setup(copyWith(MINE), [...FLAGS, ...at(server), "--replace-key"]);
  expect(once).toMatchObject({ status: 2, file: MINE });
  const twice = await setup(copyWith(MINE), [...FLAGS, ...at(server), "--replace-key", "--yes"]);
  const key = parseDevVars(twice.file ?? "")["TOKEN_ENCRYPTION_KEY"];
  expect(key).toMatch(/^k1:[\w+/]{43}=$/);
  expect(key).not.toBe(KEY);
  expect(twice.stdout + twice.stderr).not.toContain(key);
  // The Worker's other name for the ring counts as well.
  const alias = `JWT_SECRET_KEY=${JWT_SECRET}\nCREDENTIAL_ENCRYPTION_KEY=${KEY}\n`;
  expect((await setup(copyWith(alias), [...FLAGS, ...at(server)])).file).not.toContain("TOKEN_ENCRYPTION_KEY");
});

test("a domain is resolved to the tenant's GUID", async () => {
  const args = ["--tenant", "contoso.onmicrosoft.com", ...FLAGS.slice(2), ...at(await entra())];
  const { status, file } = await setup(copyWith(MINE), args);
  expect(status).toBe(0);
  expect(parseDevVars(file ?? "")["MICROSOFT_TENANT_ID"]).toBe(TENANT);
});

test("a certificate proves the application, and is written so that the Worker reads it", async () => {
  const folder = copyWith(MINE);
  writeFileSync(path.join(folder, "app.pem"), `${CLIENT_CERTIFICATE}\n${CLIENT_CERTIFICATE_KEY}\n`);
  const args = [...FLAGS.slice(0, -2), "--certificate", path.join(folder, "app.pem"), ...at(await entra())];
  const { status, file, stdout, stderr } = await setup(folder, args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const vars = parseDevVars(file ?? "");
  const read = pemCertificate.parse(vars["MICROSOFT_CLIENT_CERTIFICATE"]);
  expect(read.key.trim()).toBe(CLIENT_CERTIFICATE_KEY.trim());
  expect(CLIENT_CERTIFICATE.replace(/\s/g, "")).toContain(read.der);
  expect(vars).not.toHaveProperty("MICROSOFT_CLIENT_SECRET");
  expect(stdout).not.toContain("PRIVATE KEY");
});

test.each([
  ["a wrong secret", { env: { APP_SECRET: "not-the-secret" } }, [], "AADSTS7000215", "The client secret is wrong"],
  ["an expired one", { env: { APP_SECRET: "expired-secret" } }, [], "AADSTS7000222", "has expired"],
  ["a tenant that is none", {}, ["--tenant", "nobody.example"], "AADSTS90002", "no such tenant in this cloud"],
  [
    "an unknown application",
    {},
    ["--client-id", TENANT.replace("7d", "8e")],
    "AADSTS700016",
    "no application with this",
  ],
])("a refused proof writes nothing and says who can do what: %s", async (_, driven, change, code, words) => {
  const server = await entra();
  const { status, stdout, stderr, file, left } = await setup(
    copyWith(MINE),
    [...FLAGS, ...change, ...at(server)],
    driven,
  );
  expect({ status, file, left }).toEqual({ status: 1, file: MINE, left: [] });
  expect(stderr).toContain(words);
  expect(stderr).toContain(`(${code})`);
  expect(stdout + stderr).not.toMatch(/not-the-secret|expired-secret/);
});

test("a certificate that the application does not have is refused by its number", async () => {
  const folder = copyWith(MINE);
  writeFileSync(path.join(folder, "app.pem"), STRANGER);
  const args = [...FLAGS.slice(0, -2), "--certificate", path.join(folder, "app.pem"), ...at(await entra())];
  expect(await setup(folder, args)).toMatchObject({ status: 1, file: MINE, stderr: expect.stringContaining("700027") });
});

test("without consent the proof fails with the address that gives it, and succeeds once it was given", async () => {
  const server = await entra({ roles: [] });
  const folder = copyWith(MINE);
  const before = await setup(folder, [...FLAGS, ...at(server)]);
  const url = `${server.url}/${TENANT}/adminconsent?client_id=${CLIENT_ID}`;
  expect(before).toMatchObject({ status: 1, file: MINE });
  expect(before.stderr).toContain(url);
  expect(before.stderr).toContain("Organization.Read.All");
  await server.control("/clients", {
    client_id: CLIENT_ID,
    secrets: [{ value: SECRET }],
    granted_roles: { [TENANT]: DIRECTORY },
  });
  expect(await setup(folder, [...FLAGS, ...at(server)])).toMatchObject({ status: 0 });
});

test("a report says for each resource whether permission, licence or service is missing", async () => {
  const refusals = graphLists({
    "/groups": [403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."],
    signInActivity: [403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or …"],
    "/auditLogs/signIns": [400, "AadPremiumLicenseRequired"],
    managedDevices: [400, "BadRequest", "Request not applicable to target tenant."],
    alerts_v2: [403, "Forbidden"],
  });
  const roles = ["Organization.Read.All", "User.Read.All", "Device.Read.All", "AuditLog.Read.All", "Directory.X"];
  const server = await entra({ roles, instead: refusals });
  const { status, stdout } = await setup(copyWith(MINE), [...FLAGS, ...at(server), "--json"]);
  expect(status).toBe(0);
  const { capabilities, admin_consent_url: url } = JSON.parse(stdout) as {
    capabilities: { resource: string; status: string; missing: string[] }[];
    admin_consent_url: string;
  };
  expect(Object.fromEntries(capabilities.map((one) => [one.resource, [one.status, ...one.missing]]))).toEqual({
    users: ["available"],
    groups: ["permission_missing", "GroupMember.Read.All"],
    devices: ["available"],
    managed_devices: ["service_missing", "Microsoft Intune"],
    sign_in_activity: ["licence_missing", "Microsoft Entra ID P1 or P2"],
    licences: ["available"],
    sign_ins: ["licence_missing", "Microsoft Entra ID P1 or P2"],
    directory_audits: ["available"],
    alerts: ["permission_missing", "SecurityAlert.Read.All"],
  });
  expect(url).toBe(`${server.url}/${TENANT}/adminconsent?client_id=${CLIENT_ID}`);
});

test("--no-verify writes without asking anybody", async () => {
  const server = await entra();
  const { status, file } = await setup(copyWith(MINE), [...FLAGS, ...at(server), "--no-verify"]);
  expect(status).toBe(0);
  expect(parseDevVars(file ?? "")["MICROSOFT_CLIENT_SECRET"]).toBe(SECRET);
  expect(server.requests).toEqual([]);
});

test("a secret comes by standard input too, and none is ever shown, even where Entra repeats it", async () => {
  const echoing = await entra({
    instead: async (request) => {
      const text = request.url.endsWith("/token") ? await request.text() : "";
      const secret = new URLSearchParams(text).get("client_secret");
      const description = `AADSTS99: what is ${secret ?? ""}?\r\nTrace ID: 1`;
      return secret
        ? Response.json({ error: "invalid_client", error_description: description }, { status: 401 })
        : undefined;
    },
  });
  const args = [...FLAGS.slice(0, -2), "--secret-stdin", ...at(echoing)];
  for (const more of [[], ["--json"]]) {
    const { status, stdout, stderr } = await setup(copyWith(MINE), [...args, ...more], { input: `${SECRET}\n` });
    expect(status).toBe(1);
    expect(stderr).toContain("what is …?");
    expect(stdout + stderr).not.toContain(SECRET);
  }
  const good = await setup(copyWith(MINE), [...args.slice(0, -4), ...at(await entra())], { input: `${SECRET}\n` });
  expect(good.status).toBe(0);
  expect(good.stdout + good.stderr).not.toContain(SECRET);
});

test("where the network leads nowhere the address is named", async () => {
  const nowhere = await entra();
  nowhere.stop();
  const { status, stderr, file } = await setup(copyWith(MINE), [...FLAGS, ...at(nowhere)]);
  expect({ status, file }).toEqual({ status: 1, file: MINE });
  expect(stderr).toBe(`${nowhere.url} cannot be reached (ECONNREFUSED). Check the network and the address.\n`);
});

test("a deployed Worker's commands are printed without a secret, and nothing is written", async () => {
  const args = [...FLAGS, ...at(await entra()), "--target", "wrangler"];
  const { status, stdout, file } = await setup(copyWith(MINE), args);
  expect({ status, file }).toEqual({ status: 0, file: MINE });
  expect(stdout).toContain(`npx wrangler secret put MICROSOFT_TENANT_ID   # ${TENANT}\n`);
  expect(stdout).toContain("npx wrangler secret put MICROSOFT_CLIENT_SECRET\n");
  expect(stdout).toContain("| npx wrangler secret put TOKEN_ENCRYPTION_KEY\n");
  expect(stdout).not.toContain(SECRET);
  expect(stdout).not.toContain(KEY);
});

test("what .dev.vars knows already need not be given again, and two secrets both stay", async () => {
  const server = await entra();
  const known = `${MINE}MICROSOFT_CLIENT_ID=${CLIENT_ID}\nMICROSOFT_CLIENT_SECRET="${SECRET}, the-next-one"\nMICROSOFT_TENANT_ORG=contoso\n`;
  const { status, file } = await setup(copyWith(known), ["--tenant", TENANT, ...at(server)]);
  expect(status).toBe(0);
  expect(file).toContain(`MICROSOFT_CLIENT_SECRET="${SECRET}, the-next-one"\n`);
});
