import { expect, it } from "vitest";
import { CLIENT_ID, CONSUMERS_TENANT, CONTOSO_TENANT } from "./defaults.ts";
import { LOGIN, locationOf, openSandbox, REDEEM, REDIRECT_URI, SCOPE, claimsOf } from "./driver.ts";

it("answers a sign-in at the redirect URI with code, state and session_state", async () => {
  const answer = await openSandbox().authorize();
  const location = locationOf(answer);
  expect(answer.status).toBe(302);
  expect(location.origin + location.pathname).toBe(REDIRECT_URI);
  expect(location.searchParams.get("state")).toBe("state-1");
  expect(location.searchParams.get("code")).toBeTruthy();
  expect(location.searchParams.get("session_state")).toBeTruthy();
});

it("shows four people, the application and what it asks for on the sign-in page", async () => {
  const page = await (await openSandbox().authorize({ auto: null })).text();
  for (const name of ["ana", "gus", "pat", "dora"]) expect(page).toContain(`name="auto" value="${name}"`);
  expect(page).toContain("Latchkey");
  expect(page).toContain("https://graph.microsoft.com/Calendars.ReadWrite");
  expect(page).not.toContain("<script");
  expect(page).not.toMatch(/(src|href)=/);
});

it("counts its padding within the width of the window, so that a telephone does not scroll sideways", async () => {
  const page = await (await openSandbox().authorize({ auto: null })).text();
  expect(page).toMatch(/\nmain \{[^}]*box-sizing: border-box;[^}]*width: min\([^}]*vw\)/);
});

it("keeps what the application sent in the form of the sign-in page, escaped", async () => {
  const page = await (await openSandbox().authorize({ auto: null, state: `"><script>` })).text();
  expect(page).toContain('name="state" value="&quot;&gt;&lt;script&gt;"');
});

it("puts the person that login_hint names first, and only personal accounts for domain_hint=consumers", async () => {
  const sandbox = openSandbox();
  const hinted = await (await sandbox.authorize({ auto: null, login_hint: "pat@outlook.example" })).text();
  expect(hinted.indexOf('value="pat"')).toBeLessThan(hinted.indexOf('value="ana"'));
  expect(hinted).toContain("Continue as Pat Moreau");
  const personal = await (await sandbox.authorize({ auto: null, domain_hint: "consumers" })).text();
  expect(personal).toContain('value="pat"');
  expect(personal).not.toContain('value="ana"');
});

it.each([
  ["another redirect URI", { redirect_uri: "https://evil.test/callback" }, "AADSTS50011"],
  ["a redirect URI with a slash more", { redirect_uri: `${REDIRECT_URI}/` }, "AADSTS50011"],
  ["an unknown application", { client_id: "99999999-aaaa-4bbb-8ccc-000000000009" }, "AADSTS700016"],
  ["no application", { client_id: null }, "AADSTS900144"],
])("shows an error page and never redirects for %s", async (_, change, code) => {
  const answer = await openSandbox().authorize(change);
  expect(answer.status).toBe(400);
  expect(answer.headers.get("Location")).toBeNull();
  expect(answer.headers.get("Content-Type")).toContain("text/html");
  expect(await answer.text()).toContain(code);
});

it("shows an error page for a tenant that does not exist", async () => {
  const answer = await openSandbox().authorize({}, "12345678-aaaa-4bbb-8ccc-000000000009");
  expect(await answer.text()).toContain("AADSTS90002");
});

it("picks a registered redirect URI when none is sent", async () => {
  const location = locationOf(await openSandbox().authorize({ redirect_uri: null }));
  expect(["https://latchkey.test", "http://localhost:8787"]).toContain(location.origin);
});

it.each([
  ["response_type=token", { response_type: "token" }, "unsupported_response_type", "AADSTS70005"],
  ["a hybrid response type", { response_type: "code id_token" }, "unsupported_response_type", "AADSTS700054"],
  ["an unknown response mode", { response_mode: "carrier_pigeon" }, "invalid_request", "AADSTS70007"],
  ["no scope", { scope: null }, "invalid_request", "AADSTS900144"],
  ["an unknown scope", { scope: "openid Nonsense.Read" }, "invalid_client", "AADSTS650053"],
  ["an unknown resource", { scope: "https://nowhere.example/Read" }, "invalid_resource", "AADSTS500011"],
  [
    ".default beside named scopes",
    { scope: "https://graph.microsoft.com/.default User.Read" },
    "invalid_scope",
    "AADSTS70011",
  ],
  ["a challenge of the wrong size", { code_challenge: "short" }, "invalid_request", "AADSTS50147"],
  ["an unknown prompt", { prompt: "admin_consent" }, "invalid_request", "AADSTS90023"],
  ["a person who declines the consent", { auto: "dora" }, "access_denied", "AADSTS65004"],
  ["a permission only an administrator grants", { scope: "Directory.Read.All" }, "access_denied", "AADSTS90094"],
])("sends the browser back with an error for %s", async (_, change, error, code) => {
  const query = locationOf(await openSandbox().authorize(change)).searchParams;
  expect(query.get("error")).toBe(error);
  expect(query.get("error_description")).toContain(`${code}: `);
  expect(query.get("error_uri")).toBe(`${LOGIN}/error?code=${code.slice("AADSTS".length)}`);
  expect(query.get("state")).toBe("state-1");
  expect(query.has("code")).toBe(false);
});

it("says with a subcode that the person cancelled", async () => {
  const query = locationOf(await openSandbox().authorize({ auto: "cancel" })).searchParams;
  expect(query.get("error")).toBe("access_denied");
  expect(query.get("error_subcode")).toBe("cancel");
});

it("answers prompt=none without a session, without consent, and then with a code", async () => {
  const sandbox = openSandbox();
  const silent = async (auto: string | null) =>
    locationOf(await sandbox.authorize({ prompt: "none", auto })).searchParams;
  expect((await silent(null)).get("error")).toBe("login_required");
  expect((await silent("ana")).get("error")).toBe("consent_required");
  await sandbox.code({ auto: "ana" });
  expect((await silent("ana")).get("code")).toBeTruthy();
});

it("signs in silently by the session of an earlier sign-in", async () => {
  const sandbox = openSandbox();
  const first = await sandbox.authorize({ auto: "ana" });
  const cookie = first.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    prompt: "none",
  });
  const again = await sandbox.fetch(`${LOGIN}/common/oauth2/v2.0/authorize?${query.toString()}`, {
    headers: { Cookie: cookie },
  });
  expect(locationOf(again).searchParams.get("code")).toBeTruthy();
});

it("answers in the fragment or as a form when asked to", async () => {
  const sandbox = openSandbox();
  const fragment = locationOf(await sandbox.authorize({ response_mode: "fragment" }));
  expect(new URLSearchParams(fragment.hash.slice(1)).get("state")).toBe("state-1");
  expect(fragment.search).toBe("");
  const form = await (await sandbox.authorize({ response_mode: "form_post" })).text();
  expect(form).toContain(`method="post" action="${REDIRECT_URI}"`);
  expect(form).toContain('name="state" value="state-1"');
});

it.each([
  ["a personal account on organizations", "pat", "organizations"],
  ["a work account on consumers", "ana", "consumers"],
  ["a personal account on a tenant", "pat", CONTOSO_TENANT],
  ["a stranger to a tenant", "ana", "fabrikam.example"],
])("refuses %s", async (_, auto, tenant) => {
  const query = locationOf(await openSandbox().authorize({ auto }, tenant)).searchParams;
  expect(query.get("error")).toBe("interaction_required");
  expect(query.get("error_description")).toContain("AADSTS16000");
});

it("signs a guest into home on common, and as another object into the tenant that invited", async () => {
  const sandbox = openSandbox();
  const signIn = async (tenant: string) => {
    const code = await sandbox.code({ auto: "gus" }, tenant);
    return claimsOf(String((await sandbox.token({ ...REDEEM, code }, tenant)).body["id_token"]));
  };
  const home = await signIn("common");
  const guest = await signIn(CONTOSO_TENANT);
  expect(guest["tid"]).toBe(CONTOSO_TENANT);
  expect(home["tid"]).not.toBe(CONTOSO_TENANT);
  expect(guest["oid"]).not.toBe(home["oid"]);
  expect(guest["idp"]).toContain(String(home["tid"]));
});

it("makes a work user of any name that auto gives", async () => {
  const sandbox = openSandbox();
  const { id_token: idToken } = await sandbox.signIn("user123");
  expect(claimsOf(idToken)).toMatchObject({ tid: CONTOSO_TENANT, preferred_username: "user123@contoso.example" });
});

it("gives personal accounts the tenant of all personal accounts", async () => {
  const { id_token: idToken, access_token: accessToken } = await openSandbox().signIn("pat");
  expect(claimsOf(idToken)["tid"]).toBe(CONSUMERS_TENANT);
  expect(accessToken).not.toContain(".");
});

it("takes the tenant of all personal accounts for consumers", async () => {
  const sandbox = openSandbox();
  const code = await sandbox.code({ auto: "pat" }, CONSUMERS_TENANT);
  expect((await sandbox.token({ ...REDEEM, code }, "consumers")).status).toBe(200);
});

it("asks again with prompt=consent for what was granted", async () => {
  const sandbox = openSandbox();
  await sandbox.code();
  await sandbox.control("/users/ana", { refuses_consent: true }, "PATCH");
  expect(locationOf(await sandbox.authorize()).searchParams.has("code")).toBe(true);
  expect(locationOf(await sandbox.authorize({ prompt: "consent" })).searchParams.get("error")).toBe("access_denied");
});

it("signs out to a registered address only", async () => {
  const sandbox = openSandbox();
  const out = (target: string) =>
    sandbox.fetch(`${LOGIN}/common/oauth2/v2.0/logout?post_logout_redirect_uri=${encodeURIComponent(target)}`);
  expect((await out(REDIRECT_URI)).headers.get("Location")).toBe(REDIRECT_URI);
  expect((await out("https://evil.test/")).status).toBe(200);
});
