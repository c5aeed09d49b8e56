import { expect, test } from "vitest";
import { configured, identityFrom } from "./configured.ts";

const PERSON = {
  type: "user",
  user: {
    object: "user",
    id: "u0",
    name: "Ana",
    avatar_url: "https://i.example/ana.png",
    type: "person",
    person: { email: "ana@contoso.example" },
  },
};
const ANSWER = {
  access_token: "ntn_1",
  bot_id: "b0",
  workspace_id: "w0",
  workspace_name: "Contoso",
  workspace_icon: null,
  owner: PERSON,
};

test("Notion wants Basic authentication and JSON, knows no scopes and no PKCE, and rotates", () => {
  expect(configured("notion")).toMatchObject({
    endpoints: {
      authorization: "https://api.notion.com/v1/oauth/authorize",
      token: "https://api.notion.com/v1/oauth/token",
      revocation: "https://api.notion.com/v1/oauth/revoke",
    },
    discovery: undefined,
    client: { id: "n-app", credentials: ["n-one", "n-two"].map((secret) => ({ method: "basic", secret })) },
    authorization: { parameters: { owner: "user" }, pkce: false, scope: false },
    tokenRequest: { body: "json", scope: false },
    openidScopes: [],
    scopes: [],
    passThrough: [],
    refreshTokens: { rotation: "rotates", idleMs: undefined },
    revocation: { reach: "token", shares: [] },
    resources: { notion: { baseUrl: "https://api.notion.com", headers: { "Notion-Version": "2025-09-03" } } },
  });
});

test("NOTION_API_URL moves every address", () => {
  const moved = configured("notion", { NOTION_API_URL: "https://in.example/notion/" });
  expect(moved).toMatchObject({
    endpoints: {
      authorization: "https://in.example/notion/v1/oauth/authorize",
      token: "https://in.example/notion/v1/oauth/token",
      revocation: "https://in.example/notion/v1/oauth/revoke",
    },
    resources: { notion: { baseUrl: "https://in.example/notion" } },
    account: { url: "https://in.example/notion/v1/users/me" },
  });
});

test("an account is a person in a workspace, whatever the bot of this authorisation is called", () => {
  const notion = configured("notion");
  const known = {
    account: "w0:u0",
    name: "Ana",
    address: "ana@contoso.example",
    tenant: "Contoso",
    picture: "https://i.example/ana.png",
  };
  expect(identityFrom(notion, ANSWER)).toEqual(known);
  expect(identityFrom(notion, { ...ANSWER, bot_id: "b1" })).toEqual(known);
});

test("a grant that the workspace owns is the workspace's, with its own name and picture", () => {
  const owner = { type: "workspace", workspace: true };
  const icon = "https://i.example/contoso.png";
  expect(identityFrom(configured("notion"), { ...ANSWER, owner, workspace_icon: icon })).toEqual({
    account: "w0",
    name: "Contoso",
    address: null,
    tenant: "Contoso",
    picture: icon,
  });
});

test.each([
  ["a user of whom only the id is said", { owner: { type: "user", user: { object: "user", id: "u0" } } }, "w0:u0"],
  ["a workspace without a name", { workspace_name: null }, "w0:u0"],
  ["an emoji for an icon", { workspace_icon: "🥑" }, "w0:u0"],
  ["no owner at all", { owner: undefined }, "w0"],
])("%s is no obstacle", (_, change, account) => {
  const identity = identityFrom(configured("notion"), { ...ANSWER, ...change });
  expect(identity?.account).toBe(account);
  expect(identity?.tenant).toBe("workspace_name" in change ? "w0" : "Contoso");
  expect(identity?.picture ?? "https://").toMatch(/^https:\/\//);
});

test("an answer without a workspace names no account", () => {
  expect(identityFrom(configured("notion"), { ...ANSWER, workspace_id: "" })).toBeUndefined();
  expect(identityFrom(configured("notion"), { ...ANSWER, workspace_id: null })).toBeUndefined();
});

test("users/me is the bot; whom it works for stands in its owner", () => {
  const read = configured("notion").account?.read;
  expect(read?.({ object: "user", type: "bot", bot: { owner: PERSON, workspace_name: "Contoso" } })).toEqual({
    name: "Ana",
    tenant: "Contoso",
    picture: "https://i.example/ana.png",
  });
  expect(read?.({ bot: { owner: { type: "workspace" }, workspace_name: "Contoso" } })).toEqual({ tenant: "Contoso" });
  expect(read?.({ bot: {} })).toBeUndefined();
  expect(read?.({})).toBeUndefined();
});
