import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CLIENTS, entryOf } from "./clients.ts";
import { Caller } from "./driver.ts";
import { type RunningProvider, startProvider } from "./provider.ts";
import { PUBLIC_URL, type RunningWorker, startWorker } from "./worker.ts";

let provider: RunningProvider;
let worker: RunningWorker;

beforeAll(async () => {
  provider = await startProvider([`${PUBLIC_URL}/api/v1/oauth/callback/{id}`]);
  const entries = CLIENTS.map((client) => entryOf(client, provider.issuer));
  worker = await startWorker({
    variables: { ENVIRONMENT: "development", CUSTOM_PROVIDERS: JSON.stringify(entries) },
  });
});

afterAll(async () => {
  await worker.stop();
  await provider.stop();
});

let people = 0;
const somebody = () => new Caller(worker, `person-${(people += 1)}`);

test.each([
  ["Basic, and a signature by RS256", "basic"],
  ["a posted secret, and a signature by ES256", "post"],
  ["PKCE alone, and a signature by PS256", "public"],
  ["an assertion, and a signature by EdDSA", "key"],
])("an account is connected, used, refreshed and forgotten, with %s", async (_, client) => {
  const ana = somebody();
  const connection = await ana.connect(client);
  const list = await ana.send("GET", "/integrations");
  expect(list.body["integrations"]).toMatchObject([{ id: connection.id, provider: client, status: "active" }]);
  const shown = await ana.send("GET", `/integrations/${connection.id}`);
  // What the id_token leaves out came from userinfo.
  expect(JSON.stringify(shown.body)).toContain("ana of the provider");
  expect(JSON.stringify(shown.body)).toContain("ana@op.example");

  const first = await ana.token(connection.id);
  expect(await provider.userinfo(first)).toMatchObject({ sub: "ana" });
  expect(await ana.token(connection.id)).toBe(first);
  const before = provider.seen().refreshes;
  for (let again = 0; again < 3; again += 1)
    expect(await ana.send("POST", `/integrations/${connection.id}/refresh`)).toMatchObject({ status: 200 });
  expect(provider.seen().refreshes).toBe(before + 3);
  const second = await ana.token(connection.id);
  expect(second).not.toBe(first);
  expect(await provider.userinfo(second)).toMatchObject({ sub: "ana" });

  expect(await ana.send("DELETE", `/integrations/${connection.id}`)).toMatchObject({ status: 200 });
  await vi.waitFor(async () => expect(await provider.isActive(second)).toBe(false), { timeout: 10_000 });
  expect(await ana.send("GET", "/integrations")).toMatchObject({ body: { integrations: [] } });
});

test("an account that is connected again is the same connection, and the newer grant is the one that serves", async () => {
  const ana = somebody();
  const first = await ana.connect("basic");
  const second = await ana.connect("basic");
  const other = await ana.connect("basic", "bo");
  expect(second.id).toBe(first.id);
  expect(other.id).not.toBe(first.id);
  expect(await provider.userinfo(await ana.token(first.id))).toMatchObject({ sub: "ana" });
  expect(await provider.userinfo(await ana.token(other.id))).toMatchObject({ sub: "bo" });
});

test("somebody who says no at the provider is told so", async () => {
  const ana = somebody();
  const answer = await ana.callBack(await ana.signIn("basic", "nobody"));
  expect(answer).toMatchObject({ status: 400, body: { code: "consent_denied", provider_code: "access_denied" } });
});

test.each([
  ["another issuer", (url: URL) => url.searchParams.set("iss", "https://another.example")],
  ["the issuer with a slash more", (url: URL) => url.searchParams.set("iss", `${provider.issuer}/`)],
  ["no issuer, though the provider always names itself", (url: URL) => url.searchParams.delete("iss")],
])("a callback of %s is refused, and uses its state up", async (_, change) => {
  const ana = somebody();
  const good = await ana.signIn("basic");
  const bad = new URL(good);
  change(bad);
  const refused = await ana.callBack(bad);
  expect(refused).toMatchObject({ status: 400, body: { code: "state_invalid", reason: "issuer_mismatch" } });
  expect(await ana.callBack(good)).toMatchObject({ status: 400, body: { code: "state_invalid" } });
  expect(await ana.send("GET", "/integrations")).toMatchObject({ body: { integrations: [] } });
});

test("an id_token that the client's secret signed is refused", async () => {
  const ana = somebody();
  const answer = await ana.callBack(await ana.signIn("hmac"));
  expect(answer).toMatchObject({ status: 502, body: { code: "provider_error" } });
  expect(await ana.send("GET", "/integrations")).toMatchObject({ body: { integrations: [] } });
});

test("a grant that the provider ended asks for its user, and connecting again heals it", async () => {
  const ana = somebody();
  const { id } = await ana.connect("post", "zoe");
  await provider.endGrants("zoe");
  const refused = await ana.send("POST", `/integrations/${id}/refresh`);
  expect(refused).toMatchObject({ status: 409, body: { code: "reauth_required", provider_code: "invalid_grant" } });
  expect((await ana.connect("post", "zoe")).id).toBe(id);
  expect(await provider.userinfo(await ana.token(id))).toMatchObject({ sub: "zoe" });
});

test("a refresh that never reached the provider is sent again, with an assertion of its own", async () => {
  const ana = somebody();
  const { id } = await ana.connect("key");
  const before = provider.seen();
  provider.drops.push("before");
  expect(await ana.send("POST", `/integrations/${id}/refresh`)).toMatchObject({ status: 200 });
  expect(provider.seen()).toEqual({ ...before, refreshes: before.refreshes + 1 });
});

test("a refresh whose answer was lost is named as that, and not blamed on the client's key", async () => {
  const ana = somebody();
  const { id } = await ana.connect("key");
  provider.drops.push("after");
  const refused = await ana.send("POST", `/integrations/${id}/refresh`);
  // The second try shows a token that has been replaced: with rotation nothing else can come of it.
  expect(refused).toMatchObject({ status: 409, body: { code: "reauth_required", reason: "refresh_answer_lost" } });
  expect((await ana.connect("key")).id).toBe(id);
});
