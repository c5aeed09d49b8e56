import { expect, it } from "vitest";
import { defaultPages, WORKSPACES } from "./notion/defaults.ts";
import { openNotion, type Json } from "./notion/driver.ts";
import { CONTOSO_TENANT } from "./defaults.ts";

const CONTOSO = WORKSPACES[CONTOSO_TENANT] ?? { id: "", name: "", icon: null };
const [HOME, NOTES, PLAN] = defaultPages(CONTOSO).map(({ id }) => id);

async function open(person = "ana", change: Record<string, string | null> = {}) {
  const sandbox = openNotion();
  const { access_token: token, bot_id: bot, owner } = await sandbox.signIn(person, change);
  const call = (path: string, init?: Parameters<typeof sandbox.api>[2]) => sandbox.api(token, path, init);
  return { ...sandbox, call, bot, owner };
}

function titles(body: Json): string[] {
  return (body["results"] as { properties: { title: { title: { plain_text: string }[] } } }[]).map(
    ({ properties }) => properties.title.title[0]?.plain_text ?? "",
  );
}

it("refuses a token that is missing, unknown, a refresh token or replaced with 401 unauthorized", async () => {
  const sandbox = openNotion();
  const first = await sandbox.signIn();
  await sandbox.refresh(first.refresh_token);
  for (const token of ["", "ntn_unknown", first.refresh_token, first.access_token]) {
    const { status, body } = await sandbox.api(token, "/users/me");
    expect(status).toBe(401);
    expect(body).toMatchObject({ object: "error", status: 401, code: "unauthorized", request_id: expect.any(String) });
  }
});

it("wants a version that exists", async () => {
  const { call } = await open();
  expect((await call("/users/me", { version: null })).body).toMatchObject({ status: 400, code: "missing_version" });
  expect((await call("/users/me", { version: "2020-01-01" })).body).toMatchObject({ code: "validation_error" });
  for (const version of ["2022-06-28", "2025-09-03", "2026-03-11"])
    expect((await call("/users/me", { version })).status).toBe(200);
});

it("tells the bot behind a token, its owner and workspace", async () => {
  const { call, bot, owner } = await open();
  expect((await call("/users/me")).body).toMatchObject({
    object: "user",
    id: bot,
    type: "bot",
    bot: { owner, workspace_id: CONTOSO.id, workspace_name: "Contoso" },
  });
});

it("lists the members of the workspace page by page, without guests, and finds one by id", async () => {
  const { call } = await open();
  const { body } = await call("/users");
  const users = body["results"] as { id: string; name: string; person?: { email: string } }[];
  expect(users.map(({ name }) => name)).toEqual(["Ana Rossi", "Dora Novak", "Bo Tanaka", "Latchkey"]);
  expect(body).toMatchObject({ object: "list", type: "user", has_more: false, next_cursor: null });
  const first = (await call("/users?page_size=3")).body;
  expect(first["has_more"]).toBe(true);
  const rest = (await call(`/users?page_size=3&start_cursor=${String(first["next_cursor"])}`)).body;
  expect((rest["results"] as Json[]).map(({ name }) => name)).toEqual(["Latchkey"]);
  expect((await call(`/users/${users[2]?.id.replaceAll("-", "")}`)).body).toEqual(users[2]);
  expect((await call(`/users/${crypto.randomUUID()}`)).body["code"]).toBe("object_not_found");
});

it.each(["/users?page_size=101", "/users?page_size=0", "/users?page_size=x", "/users?start_cursor=x", "/users/x"])(
  "refuses %s with validation_error",
  async (path) => {
    const { call } = await open();
    expect((await call(path)).body).toMatchObject({ status: 400, code: "validation_error" });
  },
);

it("shows only the pages that were picked and those below them", async () => {
  const { call } = await open("ana", { pages: HOME ?? "" });
  expect(titles((await call("/search", { method: "POST", body: {} })).body)).toEqual(["Contoso Home", "Meeting Notes"]);
  expect((await call(`/pages/${NOTES}`)).status).toBe(200);
  expect((await call(`/pages/${PLAN}`)).body).toMatchObject({ status: 404, code: "object_not_found" });
});

it("shows no page of another workspace", async () => {
  const { call } = await open("gus");
  expect((await call(`/pages/${HOME}`)).status).toBe(404);
});

it("searches by title, kind and order", async () => {
  const { call, control } = await open();
  await control("/clock", { advance_ms: 600_000 });
  await call(`/pages/${PLAN}`, { method: "PATCH", body: { icon: null } });
  const found = async (body: Json, version?: string) =>
    (await call("/search", { method: "POST", body, ...(version !== undefined && { version }) })).body;
  expect(titles(await found({ query: "PLAN" }))).toEqual(["Audit Plan"]);
  expect(titles(await found({}))[0]).toBe("Audit Plan");
  const oldest = { timestamp: "last_edited_time", direction: "ascending" };
  expect(titles(await found({ sort: oldest })).at(-1)).toBe("Audit Plan");
  const kind = (value: string) => ({ filter: { property: "object", value } });
  expect(await found(kind("data_source"))).toMatchObject({ results: [], type: "page_or_data_source" });
  expect(await found(kind("database"))).toMatchObject({ code: "validation_error" });
  expect(await found(kind("database"), "2022-06-28")).toMatchObject({ results: [], type: "page_or_database" });
});

it("changes a title and tells who changed it when, to the minute", async () => {
  const { call, bot } = await open();
  const body = { properties: { title: { title: [{ text: { content: "Plan " } }, { text: { content: "B" } }] } } };
  expect((await call(`/pages/${PLAN}`, { method: "PATCH", body })).status).toBe(200);
  const { body: page } = await call(`/pages/${PLAN?.replaceAll("-", "")}`);
  expect(page).toMatchObject({
    object: "page",
    id: PLAN,
    last_edited_by: { id: bot },
    archived: false,
    in_trash: false,
  });
  expect(page["last_edited_time"]).toMatch(/:00\.000Z$/);
  expect(titles({ results: [page] })).toEqual(["Plan B"]);
});

it("takes a page to the trash and back, and changes none that lies there", async () => {
  const { call } = await open();
  const patch = async (body: Json) => (await call(`/pages/${PLAN}`, { method: "PATCH", body })).body;
  expect(await patch({ in_trash: true })).toMatchObject({ in_trash: true, archived: true });
  expect(titles((await call("/search", { method: "POST", body: {} })).body)).not.toContain("Audit Plan");
  expect(await patch({ icon: null })).toMatchObject({ code: "validation_error" });
  expect(await patch({ in_trash: false })).toMatchObject({ in_trash: false });
});

it("speaks of the trash in one word from 2026-03-11 on", async () => {
  const { call } = await open();
  const version = "2026-03-11";
  expect((await call(`/pages/${PLAN}`, { version })).body).not.toHaveProperty("archived");
  const refused = await call(`/pages/${PLAN}`, { method: "PATCH", body: { archived: true }, version });
  expect(refused.body["code"]).toBe("validation_error");
});

it.each([
  ["{", "invalid_json"],
  [{ properties: { Colour: { title: [] } } }, "validation_error"],
  [{ properties: { title: "text" } }, "validation_error"],
  [{ nonsense: 1 }, "validation_error"],
  [{ properties: { title: { title: [{ text: { content: "x".repeat(2_001) } }] } } }, "validation_error"],
  [
    { properties: { title: { title: Array.from({ length: 101 }, () => ({ text: { content: "x" } })) } } },
    "validation_error",
  ],
  [{ icon: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, "x".repeat(1_999)])) }, "validation_error"],
])("refuses a change that is malformed or too large (%#)", async (body, code) => {
  const { call } = await open();
  expect((await call(`/pages/${PLAN}`, { method: "PATCH", body })).body).toMatchObject({ status: 400, code });
});

it("refuses what the integration's capabilities leave out with 403", async () => {
  const { call, control } = await open();
  await control("/settings", { notion_capabilities: ["read_user"] });
  expect((await call(`/pages/${PLAN}`)).body).toMatchObject({ status: 403, code: "restricted_resource" });
  expect((await call(`/pages/${PLAN}`, { method: "PATCH", body: {} })).status).toBe(403);
  expect((await call("/search", { method: "POST", body: {} })).status).toBe(403);
  expect(((await call("/users")).body["results"] as Json[])[0]?.["person"]).toEqual({});
  await control("/settings", { notion_capabilities: [] });
  expect([(await call("/users")).status, (await call("/users/me")).status]).toEqual([403, 200]);
});

it.each(["/nowhere", "/oauth/nowhere", "/databases"])("knows no %s", async (path) => {
  const { call } = await open();
  expect((await call(path)).body).toMatchObject({ status: 400, code: "invalid_request_url" });
});
