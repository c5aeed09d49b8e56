/** What ids, certificates and refusals look like. */
import { expect, test } from "vitest";
import { explain } from "../../scripts/setup/aadsts.mjs";
import { parseCertificate } from "../../scripts/setup/certificate.mjs";
import { clientIdProblem, orgProblem, secretDoubt, secretProblem, tenantProblem } from "../../scripts/setup/forms.mjs";
import { judge, RESOURCES } from "../../scripts/setup/probe.mjs";
import { CLIENT_CERTIFICATE, CLIENT_CERTIFICATE_KEY, STRANGER } from "../sandbox/certificates.ts";

const GUID = "11111111-aaaa-4bbb-8ccc-000000000001";
const STRANGERS_CERTIFICATE = STRANGER.slice(STRANGER.indexOf("-----BEGIN CERTIFICATE-----"));

test.each([GUID, "contoso.example", "contoso.onmicrosoft.com", "a-b.c.example"])("a tenant may be named %s", (name) => {
  expect(tenantProblem(name)).toBeUndefined();
});

test.each([
  "",
  "contoso",
  "-a.example",
  "https://contoso.example/",
  "ana@contoso.example",
  "Organizations",
  `{${GUID}}`,
])("a tenant is not named %j", (name) => {
  expect(tenantProblem(name)).toContain("expected");
});

test("a secret that looks like its ID is doubted, and what cannot be one is refused without being told", () => {
  expect(secretDoubt(GUID)).toContain("AADSTS7000215");
  expect(secretDoubt("abc8Q~something")).toBeUndefined();
  expect(secretProblem("abc8Q~something", GUID)).toBeUndefined();
  for (const wrong of ["", "two words", "one,two", GUID.toUpperCase()]) {
    expect(secretProblem(wrong, GUID)).toMatch(/client ID|expected/);
  }
  expect(secretProblem("hunter,2")).not.toContain("hunter");
  expect(clientIdProblem("contoso.example")).toContain("that is a domain");
});

test("an organisation is a line of text", () => {
  expect(orgProblem("contoso")).toBeUndefined();
  for (const wrong of ["", " a", "a\nb", "x".repeat(201)]) expect(orgProblem(wrong)).toContain("expected");
});

test.each([
  ["no key", CLIENT_CERTIFICATE, "has no PRIVATE KEY"],
  ["no certificate", CLIENT_CERTIFICATE_KEY, "has no CERTIFICATE"],
  ["two that are strangers", `${CLIENT_CERTIFICATE_KEY}\n${STRANGERS_CERTIFICATE}`, "do not belong together"],
  ["a locked key", CLIENT_CERTIFICATE_KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"), "is encrypted"],
  ["a broken key", CLIENT_CERTIFICATE_KEY.replace("MII", "AAA") + CLIENT_CERTIFICATE, "the private key cannot be read"],
])("a PEM file is told apart: %s", (_, text, message) => {
  expect(() => parseCertificate(text, Date.now())).toThrow(message);
});

test("the certificate that belongs to the key is found in a chain, and an expired one is refused", () => {
  const chain = `${STRANGERS_CERTIFICATE}\n${CLIENT_CERTIFICATE}\n${CLIENT_CERTIFICATE_KEY}`;
  const { pem, expiresAt } = parseCertificate(chain, Date.now());
  expect(pem.replaceAll(/\s/g, "")).toContain(CLIENT_CERTIFICATE.replaceAll(/\s/g, ""));
  expect(() => parseCertificate(chain, expiresAt.getTime())).toThrow("expired on 21");
});

test.each([
  [7000215, "credential"],
  [7000222, "credential"],
  [700027, "credential"],
  [700016, "client"],
  [1002012, "client"],
  [90002, "tenant"],
  [50034, "tenant"],
  [65001, "consent"],
  [90033, "later"],
])("AADSTS%i is told in words of our own, with what to give anew: %s", (number, about) => {
  const body = { error: "invalid_request", error_description: `AADSTS${number}: Entra's words.\r\nTrace ID: 1` };
  const said = explain(body, 400);
  expect(said).toMatchObject({ about, code: `AADSTS${number}` });
  expect(said.words).not.toContain("Entra's words");
});

test("an unknown refusal is told in Entra's first line, and a page instead of JSON by its status", () => {
  const body = { error: "invalid_client", error_description: "AADSTS4242: Odd.\r\nTrace ID: 1" };
  expect(explain(body, 401)).toEqual({ about: "credential", code: "AADSTS4242", words: "Odd." });
  expect(explain(undefined, 502)).toMatchObject({ about: "later", code: "HTTP 502" });
});

test("a refusal whose words say nothing is judged by the roles in the token", () => {
  const refusal = { status: 403, body: { error: { code: "Forbidden", message: "" } } };
  const { managed_devices: managed, sign_ins: signIns, directory_audits: audits } = RESOURCES;
  if (!managed || !signIns || !audits) throw new Error("a resource is missing");
  expect(judge(refusal, managed, new Set(managed.all)).status).toBe("service_missing");
  expect(judge(refusal, managed, new Set(managed.wider)).status).toBe("service_missing");
  expect(judge(refusal, managed, new Set()).status).toBe("permission_missing");
  expect(judge(refusal, signIns, new Set(["AuditLog.Read.All"])).missing).toEqual(["Directory.Read.All"]);
  expect(judge(refusal, signIns, new Set(signIns.all)).status).toBe("licence_missing");
  expect(judge(refusal, audits, undefined).status).toBe("unknown");
  expect(judge({ status: 503, body: undefined }, managed, new Set()).status).toBe("unknown");
});
