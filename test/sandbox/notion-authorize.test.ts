import { expect, it } from "vitest";
import { openNotion, NOTION_REDIRECT_URI } from "./notion/driver.ts";

function query(answer: Response): Record<string, string> {
  const url = new URL(answer.headers.get("Location") ?? "https://nowhere.invalid/");
  return { at: `${url.origin}${url.pathname}`, ...Object.fromEntries(url.searchParams) };
}

it("answers with a code and the state, and with nothing else", async () => {
  const answer = await openNotion().authorize();
  expect(answer.status).toBe(302);
  expect(query(answer)).toEqual({ at: NOTION_REDIRECT_URI, code: expect.any(String), state: "state-1" });
});

it("gives no state back when none was sent", async () => {
  expect(query(await openNotion().authorize({ state: null }))).not.toHaveProperty("state");
});

it.each([
  { client_id: null },
  { client_id: "somebody-else" },
  { redirect_uri: null },
  { redirect_uri: `${NOTION_REDIRECT_URI}/` },
  { redirect_uri: "https://evil.test/" },
])("shows a page and never redirects for %o", async (change) => {
  const answer = await openNotion().authorize(change);
  expect([answer.status, answer.headers.get("Location")]).toEqual([400, null]);
  expect(await answer.text()).toContain("<h1>");
});

it.each([
  [{ response_type: "token" }, "unsupported_response_type"],
  [{ response_type: null }, "unsupported_response_type"],
  [{ owner: null }, "invalid_request"],
  [{ owner: "workspace" }, "invalid_request"],
  [{ auto: "cancel" }, "access_denied"],
  [{ auto: "dora" }, "access_denied"],
  [{ workspace: "Fabrikam" }, "access_denied"],
])("refuses %o at the redirect URI", async (change, error) => {
  expect(query(await openNotion().authorize(change))).toEqual({ at: NOTION_REDIRECT_URI, error, state: "state-1" });
});

it("registers both callbacks of every origin", async () => {
  const sandbox = openNotion();
  for (const redirect of [
    "https://latchkey.test/api/v1/beta/oauth/callback/notion",
    "http://localhost:8787/api/v1/oauth/callback/notion",
  ]) {
    expect(query(await sandbox.authorize({ redirect_uri: redirect }))["at"]).toBe(redirect);
  }
});

it("lets a person be picked, then a workspace and its pages, and Cancel on both pages", async () => {
  const sandbox = openNotion();
  const people = await (await sandbox.authorize({ auto: null })).text();
  for (const name of ["ana", "bo", "gus", "pat", "dora"]) expect(people).toContain(`name="person" value="${name}"`);
  expect(people).toContain(`name="auto" value="cancel"`);
  expect(people).toContain(`name="state" value="state-1"`);
  const pages = await (await sandbox.authorize({ auto: null, person: "gus" })).text();
  for (const text of ["Fabrikam Home", "Contoso Home", `name="auto" value="gus"`, `name="auto" value="cancel"`])
    expect(pages).toContain(text);
  expect(pages).not.toContain(`name="person"`);
});

it("puts ana and bo in one workspace, gus and pat in others, each under an id that stays", async () => {
  const sandbox = openNotion();
  const at = async (person: string) => {
    const { workspace_id: workspace, owner } = await sandbox.signIn(person);
    return { workspace, id: (owner as { user: { id: string } }).user.id };
  };
  const [ana, again, bo, gus, pat] = [
    await at("ana"),
    await at("ana"),
    await at("bo"),
    await at("gus"),
    await at("pat"),
  ];
  expect(again).toEqual(ana);
  expect(bo.workspace).toBe(ana.workspace);
  expect(new Set([ana.workspace, gus.workspace, pat.workspace]).size).toBe(3);
  expect(new Set([ana.id, bo.id, gus.id, pat.id]).size).toBe(4);
});

it("lets a guest pick the other workspace", async () => {
  expect(await openNotion().signIn("gus", { workspace: "Contoso" })).toMatchObject({ workspace_name: "Contoso" });
});

it("answers below /notion of any other origin too", async () => {
  const sandbox = openNotion("http://localhost:8788/notion");
  const { access_token: token } = await sandbox.signIn("ana");
  expect(token).toMatch(/^ntn_/);
});

it("leaves the other providers their hosts and paths", async () => {
  const sandbox = openNotion();
  const discovery = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration";
  expect((await sandbox.fetch(discovery)).status).toBe(200);
  expect((await sandbox.fetch("https://graph.microsoft.com/v1.0/me")).status).toBe(401);
  expect((await sandbox.fetch("https://elsewhere.test/v1/users/me")).status).toBe(404);
});
