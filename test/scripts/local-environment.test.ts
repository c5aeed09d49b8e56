import { expect, test } from "vitest";
import {
  otherProviders,
  sandboxVariables,
  usesSandbox,
  variableFlags,
  workerVariables,
} from "../../scripts/local-environment.mjs";

const PORTS = { worker: 9001, sandbox: 9002 };

test("without an app registration the Worker is pointed at the stand-in", () => {
  expect(workerVariables({ ENVIRONMENT: "development" }, PORTS)).toEqual({
    PUBLIC_URL: "http://localhost:9001",
    RETURN_TO_ORIGINS: "http://localhost:9001",
    MICROSOFT_CLIENT_ID: "11111111-aaaa-4bbb-8ccc-000000000001",
    MICROSOFT_CLIENT_SECRET: "sandbox-secret",
    MICROSOFT_LOGIN_URL: "http://localhost:9002",
    MICROSOFT_GRAPH_URL: "http://localhost:9002",
    GOOGLE_CLIENT_ID: "sandbox-google-client.apps.googleusercontent.com",
    GOOGLE_CLIENT_SECRET: "sandbox-google-secret",
    GOOGLE_ACCOUNTS_URL: "http://localhost:9002/google/accounts",
    GOOGLE_TOKEN_URL: "http://localhost:9002/google/oauth2",
    GOOGLE_API_URL: "http://localhost:9002/google/api",
    NOTION_CLIENT_ID: "sandbox-notion-client",
    NOTION_CLIENT_SECRET: "sandbox-notion-secret",
    NOTION_API_URL: "http://localhost:9002/notion",
  });
  expect(sandboxVariables(PORTS)).toEqual({ SANDBOX_ORIGINS: "http://localhost:9001" });
});

test.each([{ MICROSOFT_CLIENT_ID: "mine" }, { MSCLIENTID: "mine" }, { MICROSOFT_OAUTH_CLIENT_ID: "mine" }])(
  "with an app registration of one's own nothing points at the stand-in: %j",
  (vars) => {
    expect(usesSandbox(vars)).toBe(false);
    expect(workerVariables(vars, PORTS)).toEqual({
      ENVIRONMENT: "development",
      PUBLIC_URL: "http://localhost:9001",
      RETURN_TO_ORIGINS: "http://localhost:9001",
    });
  },
);

test("what .dev.vars says about addresses is kept", () => {
  const own = { PUBLIC_URL: "https://tunnel.example", RETURN_TO_ORIGINS: "https://app.example" };
  expect(workerVariables(own, PORTS)).not.toHaveProperty("PUBLIC_URL");
  expect(workerVariables(own, PORTS)).not.toHaveProperty("RETURN_TO_ORIGINS");
});

test("variables become arguments of wrangler", () => {
  expect(variableFlags({ A: "http://localhost:1", B: "2" })).toEqual(["--var", "A:http://localhost:1", "--var", "B:2"]);
});

test("a client of one's own at Google or Notion goes to the real one, beside the stand-in", () => {
  const own = workerVariables({ GOOGLE_CLIENT_ID: "mine", GOOGLE_CLIENT_SECRET: "s" }, PORTS);
  expect(Object.keys(own).filter((name) => name.startsWith("GOOGLE_"))).toEqual([]);
  expect(own).toMatchObject({
    MICROSOFT_LOGIN_URL: "http://localhost:9002",
    NOTION_CLIENT_ID: "sandbox-notion-client",
  });
  expect(workerVariables({ NOTION_CLIENT_ID: "mine" }, PORTS)).not.toHaveProperty("NOTION_API_URL");
});

test("what can be connected besides Microsoft is what the stand-in knows, or what has a client", () => {
  const real = { MICROSOFT_CLIENT_ID: "mine" };
  expect(otherProviders({})).toEqual(["google", "youtube", "notion"]);
  expect(otherProviders(real)).toEqual([]);
  expect(otherProviders({ ...real, GOOGLE_CLIENT_ID: "mine" })).toEqual(["google", "youtube"]);
  expect(otherProviders({ ...real, NOTION_CLIENT_ID: "mine", GOOGLE_CLIENT_ID: " " })).toEqual(["notion"]);
});
