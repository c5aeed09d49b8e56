import { expect, it } from "vitest";
import { CLIENT_ID, CONTOSO_TENANT, FABRIKAM_TENANT } from "./defaults.ts";
import { errorOf, GRAPH, LOGIN, locationOf, openSandbox, REDIRECT_URI, valuesOf, type Driver } from "./driver.ts";

const DEFAULT_SCOPE = `${GRAPH}/.default`;

function appToken(sandbox: Driver, change: Record<string, string | null> = {}, tenant: string = CONTOSO_TENANT) {
  return sandbox.token({ grant_type: "client_credentials", scope: DEFAULT_SCOPE, ...change }, tenant);
}

function adminConsent(sandbox: Driver, path: string, change: Record<string, string> = {}) {
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    state: "s",
    auto: "accept",
    ...change,
  });
  return sandbox.fetch(`${LOGIN}/${path}?${query.toString()}`);
}

it("gives an application its own token, with nothing but the token", async () => {
  const { status, body } = await appToken(openSandbox());
  expect(status).toBe(200);
  expect(Object.keys(body).toSorted()).toEqual(["access_token", "expires_in", "ext_expires_in", "token_type"]);
});

it.each<[string, Record<string, string | null>, string, number, string]>([
  ["on common", {}, "common", 9001023, "invalid_request"],
  ["on consumers", {}, "consumers", 9001023, "invalid_request"],
  ["without .default", { scope: `${GRAPH}/User.Read` }, CONTOSO_TENANT, 1002012, "invalid_scope"],
  [
    "for two resources",
    { scope: `${DEFAULT_SCOPE} https://outlook.office.com/.default` },
    CONTOSO_TENANT,
    1002012,
    "invalid_scope",
  ],
  [
    "for an unknown resource",
    { scope: "https://nowhere.example/.default" },
    CONTOSO_TENANT,
    500011,
    "invalid_resource",
  ],
  ["in a tenant that does not know it", {}, FABRIKAM_TENANT, 700016, "unauthorized_client"],
  ["in a tenant that does not exist", {}, "nowhere.example", 90002, "invalid_request"],
])("refuses an application's token %s", async (_, change, tenant, code, error) => {
  const { body } = await appToken(openSandbox(), change, tenant);
  expect(body).toMatchObject({ error, error_codes: [code] });
});

it("lets a token without permissions through to nothing, and with admin consent to what was registered", async () => {
  const sandbox = openSandbox();
  const before = String((await appToken(sandbox)).body["access_token"]);
  const refused = await sandbox.graph(before, "/organization");
  expect(refused.status).toBe(403);
  expect(errorOf(refused.body)["code"]).toBe("Authorization_RequestDenied");
  await adminConsent(sandbox, `${CONTOSO_TENANT}/v2.0/adminconsent`, { scope: DEFAULT_SCOPE });
  const after = String((await appToken(sandbox)).body["access_token"]);
  const [organization] = valuesOf((await sandbox.graph(after, "/organization")).body);
  expect(organization).toMatchObject({ id: CONTOSO_TENANT, tenantType: "AAD" });
  const me = await sandbox.graph(after, "/me");
  expect(me.status).toBe(400);
});

it("answers admin consent with the tenant and the scope, and installs the application there", async () => {
  const sandbox = openSandbox();
  const answer = await adminConsent(sandbox, "fabrikam.example/v2.0/adminconsent", { scope: DEFAULT_SCOPE });
  const query = Object.fromEntries(locationOf(answer).searchParams);
  expect(query).toEqual({ admin_consent: "True", tenant: FABRIKAM_TENANT, scope: DEFAULT_SCOPE, state: "s" });
  expect((await appToken(sandbox, {}, FABRIKAM_TENANT)).status).toBe(200);
});

it("says admin_consent=True on a refusal too", async () => {
  const sandbox = openSandbox();
  const v2 = locationOf(
    await adminConsent(sandbox, "organizations/v2.0/adminconsent", { scope: DEFAULT_SCOPE, auto: "cancel" }),
  ).searchParams;
  expect(v2.get("error")).toBe("consent_required");
  expect(v2.get("error_description")).toContain("AADSTS65004");
  expect(v2.get("admin_consent")).toBe("True");
  const v1 = locationOf(await adminConsent(sandbox, "common/adminconsent", { auto: "cancel" })).searchParams;
  expect(v1.get("error")).toBe("permission_denied");
});

it("knows admin consent v2 not on common and not without a scope, and the older form on common", async () => {
  const sandbox = openSandbox();
  expect((await adminConsent(sandbox, "common/v2.0/adminconsent", { scope: DEFAULT_SCOPE })).status).toBe(400);
  expect((await adminConsent(sandbox, `${CONTOSO_TENANT}/v2.0/adminconsent`)).status).toBe(400);
  expect(locationOf(await adminConsent(sandbox, "common/adminconsent")).searchParams.get("tenant")).toBe(
    CONTOSO_TENANT,
  );
  const wrong = await adminConsent(sandbox, "common/adminconsent", { redirect_uri: "https://evil.test/" });
  expect(wrong.headers.get("Location")).toBeNull();
});

it("lets an administrator's consent stand for everybody in the tenant", async () => {
  const sandbox = openSandbox();
  const scope = `${GRAPH}/Directory.Read.All`;
  const error = async () => locationOf(await sandbox.authorize({ scope })).searchParams.get("error_description");
  expect(await error()).toContain("AADSTS90094");
  await adminConsent(sandbox, `${CONTOSO_TENANT}/v2.0/adminconsent`, { scope });
  expect(await error()).toBeNull();
});
