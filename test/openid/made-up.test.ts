/** "Adding a provider is one file and one registry line": the very words of CONTRIBUTING, built into a Worker and used. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/paths.mjs";
import { parseConfig } from "../../src/lib/config.ts";
import { madeUp as madeUpAs } from "../providers/made-up.ts";
import { Caller } from "./driver.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const PROVIDERS = path.join(ROOT, "src/providers");
const FILE = readFileSync(path.join(ROOT, "test/providers/made-up.ts"), "utf8");
const CONTRIBUTING = readFileSync(path.join(ROOT, "CONTRIBUTING.md"), "utf8");

/** The line of the registry, and the import above it, as CONTRIBUTING has them. */
const LINE = /`("made-up": \{.*\},)`/.exec(CONTRIBUTING)?.[1] ?? "";
const IMPORT = 'import { madeUp } from "./made-up.ts";';

/** What a contributor does: a file in src/providers, and its line in the registry. */
const contributed: Plugin = {
  name: "contributed",
  setup(build) {
    build.onLoad({ filter: /src[\\/]providers[\\/]index\.ts$/ }, ({ path: file }) => ({
      contents: `${IMPORT}\n${readFileSync(file, "utf8").replace("export const REGISTRY: Registry = {", `$&\n${LINE}`)}`,
      loader: "ts",
    }));
    build.onResolve({ filter: /\/made-up\.ts$/ }, () => ({ path: "made-up.ts", namespace: "contributed" }));
    build.onLoad({ filter: /.*/, namespace: "contributed" }, () => ({
      contents: FILE.replaceAll("../../src/providers/", "./").replaceAll("../../src/", "../"),
      loader: "ts",
      resolveDir: PROVIDERS,
    }));
  },
};

/** What Made-Up was asked, newest last. */
const asked: { url: string; form: Record<string, string>; authorization: string | null }[] = [];
let generation = 0;

/** Made-Up itself: refresh tokens rotate, and the old one is dead. */
async function madeUp(request: Request): Promise<Response> {
  const form = Object.fromEntries(new URLSearchParams(await request.text()));
  asked.push({ url: request.url, form, authorization: request.headers.get("Authorization") });
  switch (new URL(request.url).pathname) {
    case "/token": {
      const shown = form["code"] ?? form["refresh_token"];
      if (form["client_secret"] !== "hush") return Response.json({ error: "invalid_client" }, { status: 401 });
      if (shown !== (generation === 0 ? "code-0" : `refresh-${generation}`))
        return Response.json({ error: "invalid_grant" }, { status: 400 });
      generation += 1;
      const tokens = { access_token: `access-${generation}`, refresh_token: `refresh-${generation}` };
      return Response.json({ ...tokens, token_type: "Bearer", expires_in: 3600 });
    }
    case "/me":
      return Response.json({ sub: "u1", name: "Ana", email: "ana@made-up.example" });
    default:
      return new Response(null, { status: 200 });
  }
}

let worker: RunningWorker;

beforeAll(async () => {
  const variables = { MADE_UP_CLIENT_ID: "app", MADE_UP_CLIENT_SECRET: "hush" };
  worker = await startWorker({ variables, outbound: madeUp, change: contributed });
});

afterAll(async () => {
  await worker.stop();
});

test("CONTRIBUTING shows the file line by line, and its line in the registry", () => {
  const shown = /```ts\n(export const madeUp[^]*?)```/.exec(CONTRIBUTING)?.[1]?.trim();
  expect(shown).toBeDefined();
  expect(FILE.slice(FILE.indexOf("export const madeUp")).trim()).toBe(shown);
  expect(LINE).toBe('"made-up": { name: "Made-Up", make: madeUp },');
});

test("what the file does not say is usual", () => {
  const config = parseConfig({ MADE_UP_CLIENT_ID: "app", MADE_UP_CLIENT_SECRET: "one,two" });
  expect(madeUpAs(config)).toMatchObject({
    client: { id: "app", credentials: ["one", "two"].map((secret) => ({ method: "post", secret })) },
    firstResource: "diary",
    authorization: { pkce: true, scope: true },
    tokenRequest: { body: "form" },
    refreshTokens: { rotation: "rotates" },
    revocation: { reach: "token" },
  });
  expect(madeUpAs(parseConfig({}))).toBeUndefined();
});

test("a provider that is one file and one registry line is connected, used, refreshed and forgotten", async () => {
  const ana = new Caller(worker, "ana");
  const { body: known } = await ana.send("GET", "/providers");
  expect(known["providers"]).toContainEqual(
    expect.objectContaining({ id: "made-up", name: "Made-Up", configured: true, resources: ["diary"] }),
  );
  const { body: started } = await ana.send("POST", "/authorize", { provider: "made-up" });
  const url = new URL(String(started["authorization_url"]));
  expect(url.origin + url.pathname).toBe("https://api.made-up.example/authorize");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    client_id: "app",
    scope: "diary",
    code_challenge_method: "S256",
  });
  const back = new URL(url.searchParams.get("redirect_uri") ?? "");
  expect(back.pathname).toBe("/api/v1/oauth/callback/made-up");
  back.search = new URLSearchParams({ code: "code-0", state: url.searchParams.get("state") ?? "" }).toString();
  const { status, body } = await ana.callBack(back);
  expect([status, body]).toMatchObject([
    200,
    { connection: { provider: "made-up", status: "active", account: { address: "ana@made-up.example" } } },
  ]);
  const { id } = body["connection"] as { id: string };
  expect(await ana.token(id)).toBe("access-1");
  await worker.pass(2 * 3_600_000);
  expect(await ana.token(id)).toBe("access-2");
  expect(asked.at(-1)?.form).toMatchObject({ grant_type: "refresh_token", refresh_token: "refresh-1" });
  expect(await ana.send("GET", `/integrations/${id}/proxy/me`)).toMatchObject({ status: 200, body: { sub: "u1" } });
  expect(asked.at(-1)).toMatchObject({ url: "https://api.made-up.example/me", authorization: "Bearer access-2" });
  expect((await ana.send("DELETE", `/integrations/${id}`)).status).toBe(200);
  expect(asked.at(-1)).toMatchObject({ url: "https://api.made-up.example/revoke", form: { token: "refresh-2" } });
  expect(await ana.send("GET", `/integrations/${id}`)).toMatchObject({ status: 404, body: { code: "not_found" } });
});
