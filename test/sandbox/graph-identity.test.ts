import { expect, it } from "vitest";
import { CONTOSO_TENANT, FABRIKAM_TENANT } from "./defaults.ts";
import { claimsOf, errorOf, GRAPH, openSandbox, REDEEM, SCOPE, valuesOf } from "./driver.ts";

it("answers /me with eleven properties, or with those that are selected", async () => {
  const sandbox = openSandbox();
  const { access_token: token, id_token: idToken } = await sandbox.signIn("ana");
  const { body } = await sandbox.graph(token, "/me");
  expect(Object.keys(body)).toHaveLength(12);
  expect(body).toMatchObject({ id: claimsOf(idToken)["oid"], mail: "ana@contoso.example", displayName: "Ana Rossi" });
  const selected = await sandbox.graph(token, "/me?$select=id,userType");
  expect(Object.keys(selected.body).toSorted()).toEqual(["@odata.context", "id", "userType"]);
  expect((await sandbox.graph(token, "/me?$select=shoeSize")).status).toBe(400);
});

it("has no mail for a personal account, and a #EXT# name for a guest", async () => {
  const sandbox = openSandbox();
  const personal = await sandbox.graph((await sandbox.signIn("pat")).access_token, "/me");
  expect(personal.body).toMatchObject({ mail: null, userPrincipalName: "pat@outlook.example" });
  const code = await sandbox.code({ auto: "gus" }, CONTOSO_TENANT);
  const { body } = await sandbox.token({ ...REDEEM, code }, CONTOSO_TENANT);
  const guest = await sandbox.graph(String(body["access_token"]), "/me");
  expect(guest.body["userPrincipalName"]).toBe("gus_fabrikam.example#EXT#@contoso.onmicrosoft.com");
});

it("answers /users/{id} for oneself by id and name, and refuses others", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana");
  const { body } = await sandbox.graph(token, "/me");
  expect((await sandbox.graph(token, `/users/${String(body["id"])}`)).body["displayName"]).toBe("Ana Rossi");
  expect((await sandbox.graph(token, "/users/ana@contoso.example/calendars")).status).toBe(200);
  expect((await sandbox.graph(token, "/users/bo@contoso.example")).status).toBe(403);
  expect((await sandbox.graph(token, "/users/nobody@contoso.example")).status).toBe(404);
});

it("answers /organization with a collection of one", async () => {
  const sandbox = openSandbox();
  const { body } = await sandbox.graph((await sandbox.signIn("ana")).access_token, "/organization");
  expect(valuesOf(body)).toHaveLength(1);
  expect(valuesOf(body)[0]).toMatchObject({ id: CONTOSO_TENANT, displayName: "Contoso" });
});

it("answers userinfo with the sub of the id_token", async () => {
  const sandbox = openSandbox();
  const { access_token: token, id_token: idToken } = await sandbox.signIn("ana");
  const answer = await sandbox.fetch(`${GRAPH}/oidc/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
  expect(await answer.json()).toMatchObject({ sub: claimsOf(idToken)["sub"], name: "Ana Rossi" });
});

it.each([
  ["no header", undefined, "Access token is empty."],
  ["an empty token", "Bearer ", "Access token is empty."],
  ["garbage", "Bearer garbage", "CompactToken parsing failed with error code: 80049217"],
  ["a JWT of somebody else", "Bearer aaa.bbb.ccc", "Access token validation failure. Invalid signature."],
])("refuses %s with 401", async (_, authorization, message) => {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  const answer = await openSandbox().fetch(`${GRAPH}/v1.0/me`, { headers });
  expect(answer.status).toBe(401);
  expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm=""/);
  expect(await answer.json()).toMatchObject({ error: { code: "InvalidAuthenticationToken", message } });
});

it("refuses a token of another resource, and an expired one in the words for its sort", async () => {
  const sandbox = openSandbox();
  const outlook = "https://outlook.office.com/SMTP.Send";
  const { access_token: mail } = await sandbox.signIn("ana", `openid ${outlook}`);
  expect(errorOf((await sandbox.graph(mail, "/me")).body)["message"]).toContain("Invalid audience");
  const { access_token: work } = await sandbox.signIn("ana");
  const { access_token: personal } = await sandbox.signIn("pat");
  await sandbox.control("/clock", { advance_ms: 91 * 60_000 });
  expect(errorOf((await sandbox.graph(work, "/me")).body)["message"]).toBe(
    "Lifetime validation failed, the token is expired.",
  );
  expect(errorOf((await sandbox.graph(personal, "/me")).body)["message"]).toContain("80049228");
});

it("lets an access token outlive a revocation, unless that reaches access tokens too", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/users/ana/revoke", {});
  expect((await sandbox.graph(token, "/me")).status).toBe(200);
  await sandbox.control("/users/ana/revoke", { access_tokens: true });
  expect((await sandbox.graph(token, "/me")).status).toBe(401);
});

it("challenges a client that declared cp1 until it comes with a token for the claims", async () => {
  const sandbox = openSandbox();
  const wanted = `{"access_token":{"nbf":{"essential":true,"value":"1763700000"}}}`;
  await sandbox.control("/users/ana", { claims_challenge: wanted }, "PATCH");
  const call = async (claims: string | null) => {
    const { body } = await sandbox.token({ ...REDEEM, code: await sandbox.code({ claims }) });
    return sandbox.graph(String(body["access_token"]), "/me");
  };
  expect((await call(null)).status).toBe(200);
  const challenged = await call(`{"access_token":{"xms_cc":{"values":["cp1"]}}}`);
  expect(challenged.status).toBe(401);
  const header = challenged.headers.get("WWW-Authenticate") ?? "";
  expect(header).toContain('error="insufficient_claims"');
  expect(atob(/claims="([^"]+)"/.exec(header)?.[1] ?? "")).toBe(wanted);
  expect((await call(wanted)).status).toBe(200);
});

it("echoes client-request-id and gives a request-id on success and on failure", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana");
  const headers = { "client-request-id": "c0ffee00-0000-4000-8000-000000000000" };
  for (const [bearer, status] of [
    [token, 200],
    ["nonsense", 401],
  ] as const) {
    const answer = await sandbox.graph(bearer, "/me", { headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("client-request-id")).toBe(headers["client-request-id"]);
    expect(answer.headers.get("request-id")).toBeTruthy();
  }
  const failed = await sandbox.graph("nonsense", "/me", { headers });
  expect(errorOf(failed.body)["innerError"]).toMatchObject({ "client-request-id": headers["client-request-id"] });
});

it("wants Calendars.Read for reading and Calendars.ReadWrite for writing", async () => {
  const sandbox = openSandbox();
  const { access_token: none } = await sandbox.signIn("bo", `openid offline_access ${GRAPH}/User.Read`);
  const { access_token: read } = await sandbox.signIn("ana", `openid ${GRAPH}/Calendars.Read`);
  const denied = await sandbox.graph(none, "/me/calendar");
  expect([denied.status, errorOf(denied.body)["code"]]).toEqual([403, "ErrorAccessDenied"]);
  expect((await sandbox.graph(read, "/me/calendar")).status).toBe(200);
  expect((await sandbox.graph(read, "/me/events", { method: "POST", body: {} })).status).toBe(403);
  expect((await sandbox.graph(read, "/me")).status).toBe(403);
});

it("has no mailbox for gus", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("gus", SCOPE);
  const { status, body } = await sandbox.graph(token, "/me/events");
  expect(status).toBe(404);
  expect(errorOf(body)["code"]).toBe("MailboxNotEnabledForRESTAPI");
});

it("refuses segments that it does not know", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana");
  const { status, body } = await sandbox.graph(token, "/me/horoscope");
  expect([status, errorOf(body)["code"]]).toEqual([400, "BadRequest"]);
});

it("has no mailbox for a guest either, who has one at home", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/users", { name: "gil", tid: FABRIKAM_TENANT, guest_in: [CONTOSO_TENANT] });
  const mailboxStatus = async (tenant: string) => {
    const { body } = await sandbox.token({ ...REDEEM, code: await sandbox.code({ auto: "gil" }, tenant) }, tenant);
    return (await sandbox.graph(String(body["access_token"]), "/me/calendar")).status;
  };
  expect(await mailboxStatus("organizations")).toBe(200);
  expect(await mailboxStatus(CONTOSO_TENANT)).toBe(404);
});

it("takes a token for more than the claims it wants", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/users/ana", { claims_challenge: `{"access_token":{"nbf":{"value":"1"}}}` }, "PATCH");
  const claims = `{"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["cp1"]}}}`;
  const { body } = await sandbox.token({ ...REDEEM, code: await sandbox.code({ claims }) });
  expect((await sandbox.graph(String(body["access_token"]), "/me")).status).toBe(200);
});
