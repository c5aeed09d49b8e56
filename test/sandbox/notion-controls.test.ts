import { expect, it } from "vitest";
import { defaultPages, WORKSPACES } from "./notion/defaults.ts";
import { NOTION, openNotion } from "./notion/driver.ts";
import { CONTOSO_TENANT } from "./defaults.ts";
import { readSettings } from "./settings.ts";
import { memoryStore } from "./store.ts";

type Sandbox = ReturnType<typeof openNotion>;

const status = async (sandbox: Sandbox, token: unknown) => (await sandbox.api(String(token), "/users/me")).status;

it("removes the connection of a bot as its person does: access and refresh are over", async () => {
  const sandbox = openNotion();
  const [one, two] = [await sandbox.signIn(), await sandbox.signIn()];
  const { connections } = await sandbox.control(`/notion/connections/${one.bot_id}/remove`, {});
  expect(connections).toMatchObject([{ bot_id: one.bot_id, person: "ana", ended: "removed" }]);
  expect(await status(sandbox, one.access_token)).toBe(401);
  expect((await sandbox.refresh(one.refresh_token)).body["error"]).toBe("invalid_grant");
  expect(await status(sandbox, two.access_token)).toBe(200);
});

it("removes every connection of a person, and of nobody else", async () => {
  const sandbox = openNotion();
  const [ana, again, bo] = [await sandbox.signIn(), await sandbox.signIn(), await sandbox.signIn("bo")];
  await sandbox.control("/notion/connections/ana/remove", {});
  const found = [ana, again, bo].map(({ access_token: token }) => status(sandbox, token));
  expect(await Promise.all(found)).toEqual([401, 401, 200]);
});

it("expires an access token and leaves the refresh token good, or the other way round", async () => {
  const sandbox = openNotion();
  const first = await sandbox.signIn();
  await sandbox.control(`/notion/connections/${first.bot_id}/expire`, {});
  expect(await status(sandbox, first.access_token)).toBe(401);
  const { body: second } = await sandbox.refresh(first.refresh_token);
  expect(await status(sandbox, second["access_token"])).toBe(200);
  await sandbox.control("/notion/connections/ana/expire", { tokens: "refresh" });
  expect(await status(sandbox, second["access_token"])).toBe(200);
  expect((await sandbox.refresh(second["refresh_token"])).status).toBe(400);
});

it("lets access tokens die of age when told to", async () => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { notion_expires_in: 3600 });
  const { access_token: token, refresh_token: refresh } = await sandbox.signIn();
  expect(await status(sandbox, token)).toBe(200);
  await sandbox.control("/clock", { advance_ms: 3_600_000 });
  expect(await status(sandbox, token)).toBe(401);
  expect((await sandbox.refresh(refresh)).status).toBe(200);
});

it("takes a page away from a connection and gives it a new one", async () => {
  const sandbox = openNotion();
  const workspace = WORKSPACES[CONTOSO_TENANT] ?? { id: "", name: "", icon: null };
  const { access_token: token, bot_id: bot } = await sandbox.signIn();
  const old = defaultPages(workspace)[0]?.id ?? "";
  const { id } = await sandbox.control("/notion/pages", { workspace_id: workspace.id, title: "New" });
  await sandbox.control(`/notion/connections/${bot}/pages`, { pages: [id] });
  expect((await sandbox.api(token, `/pages/${old}`)).status).toBe(404);
  expect((await sandbox.api(token, `/pages/${String(id)}`)).status).toBe(200);
});

it("lists connections without their tokens", async () => {
  const sandbox = openNotion();
  const { access_token: token } = await sandbox.signIn("ana");
  await sandbox.signIn("gus");
  const { connections } = await sandbox.control("/notion/connections?of=ana");
  expect(connections).toMatchObject([{ person: "ana", workspace: { name: "Contoso" }, ended: null }]);
  expect(JSON.stringify(connections)).not.toContain(token);
});

it.each([
  ["rate_limited", 429, "7", { rate_limit_reason: "public_api_request_rate_limit" }],
  ["service_overload", 529, "7", undefined],
])("plans %s for a path, with Retry-After", async (code, wanted, after, data) => {
  const sandbox = openNotion();
  const { access_token: token } = await sandbox.signIn();
  await sandbox.control("/notion/faults", { code, path: "/users/me", retry_after: 7 });
  expect((await sandbox.api(token, "/users")).status).toBe(200);
  const { status: met, headers, body } = await sandbox.api(token, "/users/me");
  expect([met, headers.get("Retry-After"), body["additional_data"]]).toEqual([wanted, after, data]);
  expect(body).toMatchObject({ object: "error", status: wanted, code });
  expect(await status(sandbox, token)).toBe(200);
});

it("plans a workspace's own limit, and refusals below /notion", async () => {
  const sandbox = openNotion("http://localhost:8788/notion");
  const { access_token: token } = await sandbox.signIn();
  const reason = "public_api_space_request_rate_limit";
  await sandbox.control("/notion/faults", { code: "rate_limited", rate_limit_reason: reason, retry_after: 300 });
  const { body } = await sandbox.api(token, "/users/me");
  expect(body["additional_data"]).toEqual({ rate_limit_reason: reason });
});

it("limits a connection to an average rate after a burst when told to, and no other", async () => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { notion_requests_per_second: 3, notion_burst: 5 });
  await sandbox.control("/clock", { set: "2030-01-01T00:00:00Z" });
  const [one, two] = [await sandbox.signIn(), await sandbox.signIn("bo")];
  const statuses: number[] = [];
  for (let i = 0; i < 7; i++) statuses.push(await status(sandbox, one.access_token));
  expect(statuses.filter((met) => met === 429).length).toBeGreaterThanOrEqual(1);
  expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
  const refused = await sandbox.api(one.access_token, "/users/me");
  expect([refused.body["code"], refused.headers.get("Retry-After")]).toEqual(["rate_limited", "1"]);
  expect(await status(sandbox, two.access_token)).toBe(200);
  await sandbox.control("/clock", { advance_ms: 1_000 });
  expect(await status(sandbox, one.access_token)).toBe(200);
});

it("loses the answer of a refresh whose work was done: the old tokens are dead", async () => {
  const sandbox = openNotion();
  const { refresh_token: token } = await sandbox.signIn();
  await sandbox.control("/faults", { path: "/v1/oauth/token", drop: "after" });
  await expect(sandbox.refresh(token)).rejects.toThrow(TypeError);
  expect((await sandbox.refresh(token)).body["error"]).toBe("invalid_grant");
});

it("refuses a malformed control with 400 and an unknown connection with 404", async () => {
  const sandbox = openNotion();
  const post = async (path: string, body: string) =>
    (await sandbox.fetch(`${NOTION}/_sandbox/notion${path}`, { method: "POST", body })).status;
  expect(await post("/faults", `{"code":"nonsense"}`)).toBe(400);
  expect(await post("/clients", "{}")).toBe(400);
  expect(await post("/pages", "{")).toBe(400);
  expect(await post("/connections/nobody/remove", "")).toBe(404);
  expect(await post("/connections/nobody/expire", `{"tokens":"all"}`)).toBe(400);
});

it("forgets connections at a reset and keeps people's ids", async () => {
  const sandbox = openNotion();
  const before = await sandbox.signIn();
  await sandbox.control("/reset", {});
  expect(await status(sandbox, before.access_token)).toBe(401);
  expect((await sandbox.signIn())["owner"]).toEqual(before["owner"]);
});

it("gives knobs their defaults that were not there when the settings were kept", () => {
  const store = memoryStore();
  store.put("settings", { refresh_rotation: "rotate" });
  expect(readSettings(store)).toMatchObject({ refresh_rotation: "rotate", notion_expires_in: null });
});
