import { base64url, importPKCS8, SignJWT } from "jose";
import { expect, it } from "vitest";
import { CLIENT_CERTIFICATE, CLIENT_CERTIFICATE_KEY, STRANGER } from "./certificates.ts";
import { CLIENT_ID, CONTOSO_TENANT } from "./defaults.ts";
import { GRAPH, LOGIN, openSandbox, type Driver } from "./driver.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const AUDIENCE = `${LOGIN}/${CONTOSO_TENANT}/oauth2/v2.0/token`;
const [, STRANGER_KEY = ""] = /^(-+BEGIN PRIVATE KEY[^]+?END PRIVATE KEY-+)/.exec(STRANGER) ?? [];
const [, STRANGER_CERTIFICATE = ""] = /(-+BEGIN CERTIFICATE[^]+)$/.exec(STRANGER) ?? [];

interface Made {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly alg?: string;
  readonly key?: string;
}

/** An assertion as it should be, but for what is given. */
async function assertionOf({ claims = {}, header, alg = "PS256", key = CLIENT_CERTIFICATE_KEY }: Made = {}) {
  const now = Math.floor(Date.now() / 1000);
  const good = { aud: AUDIENCE, iss: CLIENT_ID, sub: CLIENT_ID, jti: crypto.randomUUID(), nbf: now, exp: now + 300 };
  const named = header ?? { "x5t#S256": await thumbprint(CLIENT_CERTIFICATE, "SHA-256") };
  const signer = new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg, typ: "JWT", ...named });
  return signer.sign(await importPKCS8(key, alg));
}

async function thumbprint(pem: string, hash: string): Promise<string> {
  const der = Uint8Array.from(atob(pem.replaceAll(/-----[^-]+-----|\s/g, "")), (char) => char.charCodeAt(0));
  return base64url.encode(new Uint8Array(await crypto.subtle.digest(hash, der)));
}

async function post(sandbox: Driver, assertion: string): Promise<unknown> {
  const proof = { client_secret: null, client_assertion: assertion, client_assertion_type: ASSERTION_TYPE };
  const grant = { grant_type: "client_credentials", scope: `${GRAPH}/.default` };
  const { status, body } = await sandbox.token({ ...grant, ...proof }, CONTOSO_TENANT);
  return status === 200 ? "ok" : (body["error_codes"] as number[])[0];
}

it("takes an assertion that a registered certificate signed, in Microsoft's form and in the older one", async () => {
  const sandbox = openSandbox();
  expect(await post(sandbox, await assertionOf())).toBe("ok");
  const header = { x5t: await thumbprint(CLIENT_CERTIFICATE, "SHA-1") };
  expect(await post(sandbox, await assertionOf({ alg: "RS256", header }))).toBe("ok");
});

it("takes each assertion once", async () => {
  const sandbox = openSandbox();
  const assertion = await assertionOf();
  expect(await post(sandbox, assertion)).toBe("ok");
  expect(await post(sandbox, assertion)).toBe(50012);
});

const AGO = Math.floor(Date.now() / 1000) - 3600;

it.each<[string, Made, number]>([
  ["names no certificate", { header: {} }, 700027],
  ["names a certificate that is not registered", { header: { "x5t#S256": "bm9ib2R5" } }, 700027],
  ["was signed by another key", { key: STRANGER_KEY }, 700027],
  ["is of another application", { claims: { iss: "22222222-aaaa-4bbb-8ccc-000000000002" } }, 700027],
  ["has expired", { claims: { nbf: AGO, exp: AGO + 300 } }, 700024],
  ["is not valid yet", { claims: { nbf: AGO + 7200, exp: AGO + 7500 } }, 700024],
  ["is valid for an hour", { claims: { nbf: AGO, exp: AGO + 3900 } }, 700024],
  ["is for another tenant's address", { claims: { aud: `${LOGIN}/common/oauth2/v2.0/token` } }, 50012],
  ["has no jti", { claims: { jti: undefined } }, 50012],
  ["has no nbf", { claims: { nbf: undefined } }, 700024],
  ["is about somebody else", { claims: { sub: "someone else" } }, 50048],
])("refuses an assertion that %s", async (_, made, code) => {
  expect(await post(openSandbox(), await assertionOf(made))).toBe(code);
});

it("refuses what is no assertion at all", async () => {
  expect(await post(openSandbox(), "nonsense")).toBe(50012);
});

it("takes a certificate until it expires, and only where it is registered", async () => {
  const sandbox = openSandbox();
  const client = { client_id: CLIENT_ID, tenant: CONTOSO_TENANT };
  await sandbox.control("/clients", { ...client, certificates: [{ pem: STRANGER_CERTIFICATE }] });
  expect(await post(sandbox, await assertionOf())).toBe(700027);
  const expired = { pem: CLIENT_CERTIFICATE, expires_at: "2020-01-01T00:00:00Z" };
  await sandbox.control("/clients", { ...client, certificates: [expired] });
  expect(await post(sandbox, await assertionOf())).toBe(700027);
});
