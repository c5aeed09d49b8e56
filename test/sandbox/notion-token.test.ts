import { expect, it } from "vitest";
import { NOTION_CLIENT_ID, NOTION_CLIENT_SECRET } from "./notion/defaults.ts";
import { basic, NOTION, NOTION_REDIRECT_URI, openNotion } from "./notion/driver.ts";

it("answers a code with what the provider's documentation lists, and no expiry or scope", async () => {
  const sandbox = openNotion();
  const { status, body, headers } = await sandbox.redeem(await sandbox.code());
  expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  expect(headers.get("x-notion-request-id")).toBe(body["request_id"]);
  expect(body).toEqual({
    access_token: expect.stringMatching(/^ntn_/),
    token_type: "bearer",
    refresh_token: expect.stringMatching(/^nrt_/),
    bot_id: expect.any(String),
    workspace_id: expect.any(String),
    workspace_name: "Contoso",
    workspace_icon: null,
    owner: {
      type: "user",
      user: {
        object: "user",
        id: expect.any(String),
        name: "Ana Rossi",
        avatar_url: "https://avatars.notion.example/ana.png",
        type: "person",
        person: { email: "ana@contoso.example" },
      },
    },
    duplicated_template_id: null,
    request_id: expect.any(String),
  });
});

it("gives each authorization a bot of its own, or each person when told to", async () => {
  const sandbox = openNotion();
  const bots = async () => new Set([(await sandbox.signIn()).bot_id, (await sandbox.signIn()).bot_id]).size;
  expect(await bots()).toBe(2);
  await sandbox.control("/settings", { notion_bot_per: "person" });
  expect(await bots()).toBe(1);
});

it.each([
  ["no credential", { Authorization: "" }],
  ["a bearer token", { Authorization: "Bearer x" }],
  ["a wrong secret", { Authorization: basic(NOTION_CLIENT_ID, "wrong") }],
  ["an unknown client", { Authorization: basic("nobody", NOTION_CLIENT_SECRET) }],
  ["no base64", { Authorization: "Basic %%%" }],
])("refuses %s with 401 invalid_client", async (_, headers) => {
  const { status, body, headers: answered } = await openNotion().oauth("token", { grant_type: "x" }, headers);
  expect([status, body["error"]]).toEqual([401, "invalid_client"]);
  expect(answered.get("WWW-Authenticate")).toMatch(/^Basic /);
});

it("refuses the client's secret in the body, as JSON and as a form", async () => {
  const sandbox = openNotion();
  const secret = { client_id: NOTION_CLIENT_ID, client_secret: NOTION_CLIENT_SECRET };
  const fields = { grant_type: "authorization_code", code: await sandbox.code(), ...secret };
  const url = `${NOTION}/v1/oauth/token`;
  const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
  const form = { method: "POST", body: new URLSearchParams(fields) };
  expect([(await sandbox.fetch(url, json)).status, (await sandbox.fetch(url, form)).status]).toEqual([401, 401]);
});

it("refuses a form, and what is no JSON object, with 400", async () => {
  const sandbox = openNotion();
  const post = async (body: BodyInit, type?: string) => {
    const headers = { Authorization: basic(), ...(type !== undefined && { "Content-Type": type }) };
    const answer = await sandbox.fetch(`${NOTION}/v1/oauth/token`, { method: "POST", headers, body });
    return [answer.status, (await answer.json<{ error: string }>()).error];
  };
  const fields = { grant_type: "authorization_code", code: await sandbox.code(), redirect_uri: NOTION_REDIRECT_URI };
  const refused = [400, "invalid_request"];
  expect(await post(new URLSearchParams(fields))).toEqual(refused);
  expect(await post("{", "application/json")).toEqual(refused);
  expect(await post("[]", "application/json")).toEqual(refused);
  expect(await post(JSON.stringify(fields), "text/plain")).toEqual(refused);
  expect((await post(JSON.stringify(fields), "application/json; charset=utf-8"))[0]).toBe(200);
});

it.each([
  [{ grant_type: null }, "invalid_request"],
  [{ grant_type: "client_credentials" }, "unsupported_grant_type"],
  [{ code: "" }, "invalid_request"],
  [{ code: "never-issued" }, "invalid_grant"],
  [{ redirect_uri: undefined }, "invalid_request"],
  [{ redirect_uri: `${NOTION_REDIRECT_URI}/` }, "invalid_grant"],
  [{ redirect_uri: "https://latchkey.test/api/v1/beta/oauth/callback/notion" }, "invalid_grant"],
  [{ external_account: { key: "k" } }, "invalid_request"],
])("refuses %o, and leaves the code good", async (change, error) => {
  const sandbox = openNotion();
  const code = await sandbox.code();
  const { status, body } = await sandbox.redeem(code, change);
  expect([status, body["error"]]).toEqual([400, error]);
  expect((await sandbox.redeem(code)).status).toBe(200);
});

it("takes a code once, for ten minutes, from the integration it was issued to", async () => {
  const sandbox = openNotion();
  const code = await sandbox.code();
  expect((await sandbox.redeem(code)).status).toBe(200);
  expect((await sandbox.redeem(code)).body["error"]).toBe("invalid_grant");
  const late = await sandbox.code();
  await sandbox.control("/clock", { advance_ms: 600_000 });
  expect((await sandbox.redeem(late)).body["error"]).toBe("invalid_grant");
});

it("takes back what a replayed code gave when told to", async () => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { code_reuse: "revoke" });
  const code = await sandbox.code();
  const { body } = await sandbox.redeem(code);
  expect((await sandbox.redeem(code)).status).toBe(400);
  expect((await sandbox.api(String(body["access_token"]), "/users/me")).status).toBe(401);
});

it("wants a redirect URI in the token request only when authorize had one or several are registered", async () => {
  const sandbox = openNotion();
  const other = { client_id: "other", secrets: ["s"], redirect_uris: ["https://other.test/cb"] };
  await sandbox.control("/notion/clients", other);
  const redeem = async (authorize: Record<string, string | null>, body: Record<string, string>) => {
    const code = await sandbox.code({ client_id: "other", ...authorize });
    const fields = { grant_type: "authorization_code", code, ...body };
    return (await sandbox.oauth("token", fields, { Authorization: basic("other", "s") })).status;
  };
  const uri = { redirect_uri: "https://other.test/cb" };
  expect(await redeem({ redirect_uri: null }, {})).toBe(200);
  expect(await redeem({ redirect_uri: null }, uri)).toBe(400);
  expect(await redeem(uri, uri)).toBe(200);
  expect(await redeem(uri, {})).toBe(400);
});

it("refuses in its own envelope when told to", async () => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { notion_oauth_errors: "envelope" });
  const { status, body } = await sandbox.refresh("nrt_unknown");
  expect(status).toBe(400);
  expect(body).toMatchObject({ object: "error", status: 400, code: "invalid_grant" });
  const wrong = await sandbox.oauth("token", {}, { Authorization: basic("nobody", "x") });
  expect(wrong.body).toMatchObject({ object: "error", status: 401, code: "unauthorized" });
});

it.each([
  ["workspace", { type: "workspace", workspace: true }],
  ["partial_user", { type: "user", user: { object: "user", id: expect.any(String) } }],
])("tells of an owner in the form %s", async (form, owner) => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { notion_owner: form });
  expect((await sandbox.signIn())["owner"]).toEqual(owner);
});
