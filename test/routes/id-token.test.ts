import { generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { call, received, sandbox } from "../support.ts";
import { flow } from "./flow.ts";
import { problemOf } from "./security.ts";

const NOT_VALID = { status: 502, code: "provider_error", detail: "The provider's id_token is not valid." };
const TOKEN_PATH = "/common/oauth2/v2.0/token";
const KEYS_PATH = "/common/discovery/v2.0/keys";
const LOGIN = "https://login.microsoftonline.com";
const CONTOSO = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";
const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";
const seconds = () => Math.floor(Date.now() / 1000);

beforeEach(async () => {
  await sandbox("POST", "settings", { extra_claims: {}, extra_token_fields: {} });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Replaces the id_token in the stand-in's token answers. */
function swapIdToken(swap: (idToken: string) => Promise<string> | string): void {
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const answer = await real(request);
    if (!request.url.endsWith(TOKEN_PATH)) return answer;
    const body = await answer.json<{ id_token: string }>();
    return Response.json({ ...body, id_token: await swap(body.id_token) });
  });
}

function read(idToken: string, part: 0 | 1): Record<string, unknown> {
  const text = (idToken.split(".")[part] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(text)) as Record<string, unknown>;
}

test.each([
  ["a nonce of another sign-in", { nonce: "another" }],
  ["no nonce", { nonce: null }],
  ["another application's audience", { aud: "22222222-aaaa-4bbb-8ccc-000000000002" }],
  ["no audience", { aud: null }],
  ["an issuer of another tenant", { iss: `${LOGIN}/${CONSUMERS}/v2.0` }],
  ["an issuer of another host", { iss: `https://evil.example/${CONTOSO}/v2.0` }],
  ["an issuer that is the template itself", { iss: `${LOGIN}/{tenantid}/v2.0` }],
  ["an issuer of version 1", { iss: `https://sts.windows.net/${CONTOSO}/` }],
  ["a tenant that is none", { tid: "contoso", iss: `${LOGIN}/contoso/v2.0` }],
  ["a tenant with a path in it", { tid: `${CONTOSO}/../x`, iss: `${LOGIN}/${CONTOSO}/../x/v2.0` }],
  ["no tenant", { tid: null }],
  ["no account", { oid: null }],
  ["another version", { ver: "1.0" }],
  ["an end six minutes ago", { exp: Math.floor(Date.now() / 1000) - 360 }],
  ["no end", { exp: null }],
  ["a start in six minutes", { nbf: Math.floor(Date.now() / 1000) + 400 }],
])("an id_token with %s connects nobody", async (what, claims) => {
  await sandbox("POST", "settings", { extra_claims: claims });
  const sub = `it-${what.replaceAll(" ", "-")}`;
  expect(await problemOf(await flow({ sub }, "ana"))).toMatchObject(NOT_VALID);
  expect(await problemOf(await call("/api/v1/auth/microsoft/user", { sub }))).toMatchObject({ code: "not_connected" });
});

test("an id_token within five minutes of clock skew connects", async () => {
  await sandbox("POST", "settings", { extra_claims: { exp: seconds() - 240, nbf: seconds() - 4_000 } });
  expect((await flow({ sub: "it-skew" }, "ana")).status).toBe(200);
});

test("a token answer without an id_token connects nobody", async () => {
  await sandbox("POST", "settings", { extra_token_fields: { id_token: null } });
  expect(await problemOf(await flow({ sub: "it-missing" }, "ana"))).toMatchObject({ code: "provider_error" });
});

test("a key that signs for personal accounts alone signs for no work account", async () => {
  // Pat's token says that it is Contoso's, tenant and issuer alike; only its key betrays it.
  const claims = { tid: CONTOSO, iss: `${LOGIN}/${CONTOSO}/v2.0`, oid: "2b0e6c1a-1111-4222-8333-444455556666" };
  await sandbox("POST", "settings", { extra_claims: claims });
  expect(await problemOf(await flow({ sub: "it-consumers" }, "pat"))).toMatchObject(NOT_VALID);
});

test("an unsigned id_token connects nobody", async () => {
  swapIdToken((good) => new UnsecuredJWT(read(good, 1)).encode());
  expect(await problemOf(await flow({ sub: "it-none" }, "ana"))).toMatchObject(NOT_VALID);
});

test.each([
  ["without a signature", (good: string) => `${good.split(".").slice(0, 2).join(".")}.`],
  ["with an altered signature", (good: string) => `${good.slice(0, -8)}AAAAAAAA`],
  ["that is no token", () => "nonsense"],
  ["with the claims of another", (good: string) => good.replace(/\.[^.]+\./, `.${btoa('{"ver":"2.0"}')}.`)],
])("an id_token %s connects nobody", async (what, swap) => {
  swapIdToken(swap);
  expect(await problemOf(await flow({ sub: `it-${what.length}` }, "ana"))).toMatchObject(NOT_VALID);
});

test("an id_token signed by a key of nobody's under a published id connects nobody", async () => {
  const { privateKey } = await generateKeyPair("RS256");
  swapIdToken((good) => {
    const { kid } = read(good, 0);
    return new SignJWT(read(good, 1)).setProtectedHeader({ alg: "RS256", kid: String(kid) }).sign(privateKey);
  });
  expect(await problemOf(await flow({ sub: "it-forged" }, "ana"))).toMatchObject(NOT_VALID);
});

test("an id_token signed with the public key as an HMAC secret connects nobody", async () => {
  swapIdToken(async (good) => {
    const { kid } = read(good, 0);
    const { keys } = await (await fetch(LOGIN + KEYS_PATH)).json<{ keys: { kid: string; n: string }[] }>();
    const secret = new TextEncoder().encode(keys.find((key) => key.kid === kid)?.n);
    return new SignJWT(read(good, 1)).setProtectedHeader({ alg: "HS256", kid: String(kid) }).sign(secret);
  });
  expect(await problemOf(await flow({ sub: "it-hmac" }, "ana"))).toMatchObject(NOT_VALID);
});

test("rotated keys are found by one more look, and key ids that nobody has do not cause a look each", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const looks = async () => (await received(KEYS_PATH)).length;
  expect((await flow({ sub: "it-before" }, "ana")).status).toBe(200);
  const before = await looks();
  expect((await flow({ sub: "it-cached" }, "ana")).status).toBe(200);
  expect(await looks()).toBe(before);
  await sandbox("POST", "keys/rotate", { drop_old: true });
  vi.setSystemTime(Date.now() + 31_000);
  expect((await flow({ sub: "it-after" }, "ana")).status).toBe(200);
  expect(await looks()).toBe(before + 1);
  const { privateKey } = await generateKeyPair("RS256");
  swapIdToken((good) =>
    new SignJWT(read(good, 1)).setProtectedHeader({ alg: "RS256", kid: crypto.randomUUID() }).sign(privateKey),
  );
  for (const sub of ["it-x", "it-y", "it-z"])
    expect(await problemOf(await flow({ sub }, "ana"))).toMatchObject(NOT_VALID);
  expect(await looks()).toBe(before + 1);
});

test("while new keys cannot be read those of yesterday judge, and a key that they lack is not called invalid", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 25 * 3_600_000);
  await sandbox("POST", "clock", { advance_ms: 25 * 3_600_000 });
  for (const path of ["/common/v2.0/.well-known", "/common/discovery"])
    await sandbox("POST", "faults", { path, status: 500, times: 99, retry_after: 0 });
  expect((await flow({ sub: "it-down" }, "ana")).status).toBe(200);
  await sandbox("POST", "keys/rotate", { drop_old: true });
  expect(await problemOf(await flow({ sub: "it-lacking" }, "ana"))).toMatchObject({ code: "provider_unavailable" });
  await sandbox("DELETE", "faults");
  await sandbox("POST", "clock", { reset: true });
});
