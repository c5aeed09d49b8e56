import { afterAll, beforeAll, expect, test } from "vitest";
import { Caller } from "./driver.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const OPENID = "/.well-known/openid-configuration";
const TOKEN_ENCRYPTION_KEY = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const CLIENT = { client_id: "app", client_secret: "a-secret", scopes: ["openid"] };

const started: RunningWorker[] = [];
const asked: string[] = [];
let worker: RunningWorker;

/** Metadata of public issuers that lead inside, each by one of its endpoints. */
const LEADS_INSIDE: Readonly<Record<string, object>> = {
  loopback: { token_endpoint: "https://127.0.0.1/token" },
  metadata: { token_endpoint: "https://169.254.169.254/token" },
  mapped: { jwks_uri: "https://[::ffff:10.0.0.1]/keys" },
  internal: { revocation_endpoint: "https://op.corp.internal/revoke" },
  plain: { userinfo_endpoint: "http://op.example/userinfo" },
  decimal: { authorization_endpoint: "https://2130706433/authorize" },
};

beforeAll(async () => {
  const entries = ["fine", ...Object.keys(LEADS_INSIDE)].map((id) => ({
    ...CLIENT,
    id,
    name: id,
    issuer: `https://${id}.op.example`,
  }));
  worker = await production(entries);
});

afterAll(async () => {
  for (const one of started) await one.stop();
});

/** A Worker in production; what it sends to the network is answered here, as the public issuers would. */
async function production(entries: readonly object[]): Promise<RunningWorker> {
  const variables = { ENVIRONMENT: "production", TOKEN_ENCRYPTION_KEY, CUSTOM_PROVIDERS: JSON.stringify(entries) };
  const running = await startWorker({ variables, outbound: (request) => publicIssuer(request) });
  started.push(running);
  return running;
}

function publicIssuer(request: Request): Response {
  asked.push(request.url);
  const { origin, hostname, pathname } = new URL(request.url);
  if (pathname !== OPENID) return new Response(null, { status: 404 });
  const endpoints = { authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` };
  const document = { issuer: origin, ...endpoints, jwks_uri: `${origin}/keys` };
  return Response.json({ ...document, ...LEADS_INSIDE[hostname.split(".")[0] ?? ""] });
}

test("a public issuer is asked, and its users are sent to it", async () => {
  const answer = await new Caller(worker, "ana").send("POST", "/authorize", { provider: "fine" });
  expect(answer.body["authorization_url"]).toMatch(/^https:\/\/fine\.op\.example\/authorize\?/);
});

test.each(Object.keys(LEADS_INSIDE))("a public issuer whose metadata leads inside is refused: %s", async (id) => {
  const answer = await new Caller(worker, "ana").send("POST", "/authorize", { provider: id });
  expect(answer).toMatchObject({ status: 500, body: { code: "provider_misconfigured", mend: "operator" } });
  expect(asked.every((url) => new URL(url).hostname.endsWith(".op.example"))).toBe(true);
});

test("nothing is sent where what is configured leads inside", async () => {
  const inside = await production([{ ...CLIENT, id: "inside", name: "Inside", issuer: "https://10.1.2.3" }]);
  const before = asked.length;
  const answer = await new Caller(inside, "ana").send("POST", "/authorize", { provider: "inside" });
  expect(answer).toMatchObject({ status: 500, body: { code: "provider_misconfigured", variable: "CUSTOM_PROVIDERS" } });
  expect(asked).toHaveLength(before);
});
