import { afterAll, beforeAll, expect, test } from "vitest";
import { CLIENTS, entryOf } from "./clients.ts";
import { Caller } from "./driver.ts";
import { type Answer, type Scripted, startScripted } from "./plain-provider.ts";
import { type RunningProvider, startProvider } from "./provider.ts";
import { PUBLIC_URL, type RunningWorker, startWorker } from "./worker.ts";

const OPENID = "/.well-known/openid-configuration";
const OAUTH = "/.well-known/oauth-authorization-server";
const CLIENT = { client_id: "app", client_secret: "a-secret", scopes: ["openid"] };

let provider: RunningProvider;
let scripted: Scripted;
let worker: RunningWorker;

beforeAll(async () => {
  provider = await startProvider([`${PUBLIC_URL}/api/v1/oauth/callback/{id}`]);
  scripted = await startScripted((origin) => ({
    [`/wrong${OPENID}`]: () => document(`${origin}/another`),
    [`${OAUTH}/wrong`]: () => document(`${origin}/wrong/`),
    [`/large${OPENID}`]: () => document(`${origin}/large`, { padding: "x".repeat(600_000) }),
    [`${OAUTH}/large`]: () => ({ stream: `{"issuer":"${"x".repeat(600_000)}` }),
    [`/silent${OPENID}`]: () => ({ silent: true }),
    [`/endless${OPENID}`]: () => ({ stream: "{" }),
    [`/html${OPENID}`]: () => ({ json: "<html>" }),
    [`${OAUTH}/rfc8414`]: () => document(`${origin}/rfc8414`),
    "/another-sub": () => ({ json: { sub: "mallory", name: "Mallory", email: "mallory@op.example" } }),
  }));
  worker = await startWorker({
    variables: { ENVIRONMENT: "development", CUSTOM_PROVIDERS: JSON.stringify(entries()) },
  });
});

afterAll(async () => {
  await worker.stop();
  await provider.stop();
  await scripted.stop();
});

function document(issuer: string, more: object = {}): Answer {
  const { origin } = new URL(issuer);
  const endpoints = { authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` };
  return { json: { issuer, ...endpoints, jwks_uri: `${origin}/keys`, ...more } };
}

function entries() {
  const odd = ["wrong", "large", "silent", "endless", "html", "rfc8414"].map((id) => ({
    ...CLIENT,
    id,
    name: id,
    issuer: `${scripted.origin}/${id}`,
  }));
  const [basic, post] = CLIENTS;
  return [
    ...odd,
    { ...entryOf(basic, provider.issuer), userinfo_endpoint: `${scripted.origin}/another-sub` },
    // Everything is configured, and nothing has to be discovered: the issuer is still the one that may answer.
    {
      ...entryOf(post, provider.issuer),
      authorization_endpoint: `${provider.issuer}/auth`,
      token_endpoint: `${provider.issuer}/token`,
      revocation_endpoint: `${provider.issuer}/token/revocation`,
    },
  ];
}

let people = 0;
const somebody = () => new Caller(worker, `metadata-${(people += 1)}`);

test.each([
  ["another issuer, were it but for a slash", "wrong", 500, "provider_misconfigured"],
  ["more than half a megabyte", "large", 503, "provider_unavailable"],
  ["no JSON", "html", 502, "provider_error"],
])("metadata with %s is refused", async (_, id, status, code) => {
  expect(await somebody().send("POST", "/authorize", { provider: id })).toMatchObject({ status, body: { code } });
});

test.concurrent.each(["silent", "endless"])("metadata that does not come to its end is given up: %s", async (id) => {
  const started = Date.now();
  const answer = await somebody().send("POST", "/authorize", { provider: id });
  expect(answer).toMatchObject({ status: 504, body: { code: "provider_timeout" } });
  // Two tries of five and three seconds; the other address is not asked.
  expect(Date.now() - started).toBeLessThan(12_000);
  expect(scripted.asked.filter((one) => one.includes(id))).toEqual([`GET /${id}${OPENID}`, `GET /${id}${OPENID}`]);
});

test("metadata is found where RFC 8414 puts it, when it is not where OpenID Connect does", async () => {
  const answer = await somebody().send("POST", "/authorize", { provider: "rfc8414" });
  expect(answer.body["authorization_url"]).toContain(`${scripted.origin}/authorize?`);
});

test("userinfo that speaks of somebody else is not listened to", async () => {
  const ana = somebody();
  const { id } = await ana.connect("basic");
  expect(scripted.asked).toContain("GET /another-sub");
  const shown = JSON.stringify(await ana.send("GET", `/integrations/${id}`));
  expect(shown).not.toContain("allory");
  expect(await provider.userinfo(await ana.token(id))).toMatchObject({ sub: "ana" });
});

test("an issuer that is configured beside its endpoints may not be another in the callback", async () => {
  const ana = somebody();
  const callback = await ana.signIn("post");
  callback.searchParams.set("iss", "https://another.example");
  const refused = await ana.callBack(callback);
  expect(refused).toMatchObject({ status: 400, body: { code: "state_invalid", reason: "issuer_mismatch" } });
  expect(await ana.connect("post")).toMatchObject({ provider: "post" });
});
