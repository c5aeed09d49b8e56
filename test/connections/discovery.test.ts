import { expect, test } from "vitest";
import { endpointsOf, issuerOf, keysOf } from "../../src/connections/metadata.ts";
import { Failure, failure } from "../../src/lib/errors.ts";
import type { Sender } from "../../src/lib/http.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { configured, customProvider } from "../providers/configured.ts";

const HOUR_MS = 3_600_000;
/** What stands at an address: a document, a status, or silence. */
type Answers = Record<string, object | number | "silence">;

/** A network in which `answers` stand, and what was asked of it. Change `answers` to change the world. */
function network(answers: Answers) {
  const asked: string[] = [];
  const sender: Sender = {
    async send({ url, maxBytes, timeoutMs }) {
      expect(maxBytes).toBeLessThanOrEqual(512 * 1024);
      expect(timeoutMs).toBeLessThanOrEqual(5_000);
      asked.push(String(url));
      const answer = answers[String(url)] ?? 404;
      if (answer === "silence") throw failure("provider_timeout", "No answer.");
      const status = typeof answer === "number" ? answer : 200;
      const text = typeof answer === "number" ? "<html>" : JSON.stringify(answer);
      return { status, headers: new Headers(), text, retryAfterS: undefined, tries: 1 };
    },
  };
  return { sender, asked, answers };
}

let issuers = 0;
/** An issuer that nothing is remembered of, its documents' addresses, and one of its documents. */
function newIssuer() {
  const issuer = `https://id${(issuers += 1)}.acme.example/realm`;
  const { origin } = new URL(issuer);
  return {
    issuer,
    appended: `${issuer}/.well-known/openid-configuration`,
    inserted: `${origin}/.well-known/oauth-authorization-server/realm`,
    document: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      authorization_response_iss_parameter_supported: true,
    },
  };
}

const failureOf = async (work: Promise<unknown>) => {
  const error = await work.catch((caught: unknown) => caught);
  return error instanceof Failure ? error : undefined;
};

test("what is published is read once a day", async () => {
  const { issuer, appended, document } = newIssuer();
  const { sender, asked } = network({ [appended]: document });
  const provider = customProvider({ issuer });
  const check = { provider, sender, now: 0 };
  expect(await endpointsOf(check)).toMatchObject({
    authorization: `${issuer}/authorize`,
    token: `${issuer}/token`,
    issuer,
    keys: `${issuer}/keys`,
    namesIssuer: true,
  });
  await issuerOf({ ...check, now: 23 * HOUR_MS });
  expect(asked).toEqual([appended]);
  await endpointsOf({ ...check, now: 24 * HOUR_MS });
  expect(asked).toEqual([appended, appended]);
});

test("where OpenID's address has nothing, RFC 8414's is asked", async () => {
  const { issuer, appended, inserted, document } = newIssuer();
  const { sender, asked } = network({ [inserted]: document });
  expect((await endpointsOf({ provider: customProvider({ issuer }), sender, now: 0 })).token).toBe(`${issuer}/token`);
  expect(asked).toEqual([appended, inserted]);
});

test.each<[what: string, at: (known: ReturnType<typeof newIssuer>) => Answers, code: string]>([
  ["nothing at either address", () => ({}), "provider_misconfigured"],
  [
    "another issuer",
    ({ appended, document }) => ({ [appended]: { ...document, issuer: "https://evil.example" } }),
    "provider_misconfigured",
  ],
  [
    "the issuer with a slash more",
    ({ appended, document, issuer }) => ({ [appended]: { ...document, issuer: `${issuer}/` } }),
    "provider_misconfigured",
  ],
  [
    "another issuer at the second address",
    ({ inserted, document }) => ({ [inserted]: { ...document, issuer: "https://evil.example" } }),
    "provider_misconfigured",
  ],
  [
    "no token endpoint",
    ({ appended, document }) => ({ [appended]: { ...document, token_endpoint: undefined } }),
    "provider_misconfigured",
  ],
  [
    "a token endpoint inside",
    ({ appended, document }) => ({ [appended]: { ...document, token_endpoint: "https://10.0.0.1/token" } }),
    "provider_misconfigured",
  ],
  [
    "a revocation endpoint inside",
    ({ appended, document }) => ({ [appended]: { ...document, revocation_endpoint: "https://localhost/r" } }),
    "provider_misconfigured",
  ],
  [
    "keys without TLS",
    ({ appended, document }) => ({ [appended]: { ...document, jwks_uri: "http://id.acme.example/keys" } }),
    "provider_misconfigured",
  ],
  [
    "an endpoint that is no URL",
    ({ appended, document }) => ({ [appended]: { ...document, token_endpoint: "/token" } }),
    "provider_error",
  ],
  ["a page", ({ appended }) => ({ [appended]: ["<html>"] }), "provider_error"],
  ["a redirect", ({ appended }) => ({ [appended]: 301 }), "provider_misconfigured"],
  ["trouble", ({ appended }) => ({ [appended]: 503 }), "provider_unavailable"],
])("metadata with %s is refused", async (_, at, code) => {
  const known = newIssuer();
  const { sender } = network(at(known));
  const error = await failureOf(endpointsOf({ provider: customProvider({ issuer: known.issuer }), sender, now: 0 }));
  expect(error?.code).toBe(code);
});

test("a host that keeps silent is not asked a second time", async () => {
  const { issuer, appended } = newIssuer();
  const { sender, asked } = network({ [appended]: "silence" });
  const error = await failureOf(endpointsOf({ provider: customProvider({ issuer }), sender, now: 0 }));
  expect(error?.code).toBe("provider_timeout");
  expect(asked).toEqual([appended]);
});

test("in development it may lead anywhere", async () => {
  const issuer = "http://localhost:9000";
  const endpoints = { authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t` };
  const { sender } = network({ [`${issuer}/.well-known/openid-configuration`]: { issuer, ...endpoints } });
  const provider = customProvider({ issuer }, "development");
  expect((await endpointsOf({ provider, sender, now: 0 })).token).toBe(`${issuer}/t`);
});

test("yesterday's is used while today's cannot be read, and today's is not asked for at every request", async () => {
  const { issuer, appended, document } = newIssuer();
  const world = network({ [appended]: document });
  const check = { provider: customProvider({ issuer }), sender: world.sender, now: 0 };
  await endpointsOf(check);
  world.answers[appended] = 503;
  const day = 25 * HOUR_MS;
  for (const now of [day, day + 1_000, day + 4 * 60_000])
    expect((await endpointsOf({ ...check, now })).token).toBe(`${issuer}/token`);
  const asked = world.asked.length;
  world.answers[appended] = { ...document, token_endpoint: `${issuer}/token2` };
  expect((await endpointsOf({ ...check, now: day + 6 * 60_000 })).token).toBe(`${issuer}/token2`);
  // The other address was tried as well, once.
  expect(asked).toBe(3);
});

test("an unknown key is asked for at once, but not at every call", async () => {
  const { issuer, appended, document } = newIssuer();
  const old = { kty: "RSA", kid: "old" };
  const world = network({ [appended]: document, [`${issuer}/keys`]: { keys: [old] } });
  const check = { provider: customProvider({ issuer }), sender: world.sender, now: 0 };
  expect(await keysOf(check)).toEqual([old]);
  world.answers[`${issuer}/keys`] = { keys: [{ kty: "RSA", kid: "new" }] };
  expect(await keysOf(check)).toEqual([old]);
  expect(await keysOf({ ...check, now: 29_000 }, true)).toEqual([old]);
  expect(await keysOf({ ...check, now: 31_000 }, true)).toEqual([{ kty: "RSA", kid: "new" }]);
  world.answers[`${issuer}/keys`] = 503;
  expect((await failureOf(keysOf({ ...check, now: 99_000 }, true)))?.code).toBe("provider_unavailable");
  expect(await keysOf({ ...check, now: 99_000 })).toEqual([{ kty: "RSA", kid: "new" }]);
});

test("a document without keys, and an address without any, are the operator's to mend", async () => {
  const [none, absent] = [newIssuer(), newIssuer()];
  const { sender } = network({
    [none.appended]: { ...none.document, jwks_uri: undefined },
    [absent.appended]: absent.document,
  });
  for (const { issuer } of [none, absent]) {
    const error = await failureOf(keysOf({ provider: customProvider({ issuer }), sender, now: 0 }));
    expect(error?.code).toBe("provider_misconfigured");
  }
});

test("endpoints that are configured win over those that are published, and the check of iss is not lost", async () => {
  const { issuer, appended, document } = newIssuer();
  const own = {
    authorization_endpoint: "https://login.acme.example/a",
    token_endpoint: "https://login.acme.example/t",
    revocation_endpoint: "https://login.acme.example/r",
  };
  const { sender } = network({ [appended]: document });
  expect(await endpointsOf({ provider: customProvider({ issuer, ...own }), sender, now: 0 })).toMatchObject({
    authorization: own.authorization_endpoint,
    token: own.token_endpoint,
    revocation: own.revocation_endpoint,
    keys: `${issuer}/keys`,
    issuer,
    namesIssuer: true,
  });
});

test.each(["microsoft", "google", "youtube", "notion"])("to refresh at %s nothing has to be read first", async (id) => {
  const { sender, asked } = network({});
  const provider: Provider = configured(id);
  expect(await endpointsOf({ provider, sender, now: 0 })).toMatchObject({ token: provider.endpoints.token });
  expect(asked).toEqual([]);
});
