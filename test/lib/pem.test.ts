import { expect, test } from "vitest";
import { pemCertificate, pemKey } from "../../src/lib/pem.ts";

const BYTES = "MIIB".repeat(40);
const LINES = BYTES.match(/.{1,64}/g)?.join("\n") ?? "";
const block = (label: string, inside = LINES) => `-----BEGIN ${label}-----\n${inside}\n-----END ${label}-----`;
const KEY = block("PRIVATE KEY");

test.each([
  ["as openssl writes it", `${KEY}\n`],
  ["with \\n for line breaks", KEY.replaceAll("\n", String.raw`\n`)],
  ["with a carriage return in each line", KEY.replaceAll("\n", "\r\n")],
  ["on one line", KEY.replaceAll("\n", " ")],
  ["with words around it", `Bag Attributes\n  friendlyName: key\n${KEY}\nthe end`],
])("a key %s is read", (_, text) => {
  expect(pemKey.parse(text)).toBe(KEY);
});

test.each([
  ["another kind of key", block("RSA PRIVATE KEY")],
  ["an encrypted key", block("ENCRYPTED PRIVATE KEY")],
  ["a certificate", block("CERTIFICATE")],
  ["an empty key", block("PRIVATE KEY", "")],
  ["half a key", KEY.slice(0, -10)],
  ["no PEM", BYTES],
])("%s is refused, with how to make one, and not repeated", (_, text) => {
  const message = pemKey.safeParse(text).error?.issues[0]?.message;
  expect(message).toMatch(/PKCS#8, not encrypted.*openssl pkcs8 -topk8 -nocrypt/);
  expect(message).not.toContain("MIIB");
});

test("a certificate and its key stand in one text, in either order; of a chain the first is meant", () => {
  const certificate = block("CERTIFICATE", "QUFB\nQkJC");
  const read = { key: KEY, der: "QUFBQkJC" };
  expect(pemCertificate.parse(`${KEY}\n${certificate}`)).toEqual(read);
  expect(pemCertificate.parse(`${certificate}\n${block("CERTIFICATE")}\n${KEY}`)).toEqual(read);
});

test.each([
  ["the key alone", KEY],
  ["the certificate alone", block("CERTIFICATE")],
  ["neither", "x"],
])("%s is refused", (_, text) => {
  expect(pemCertificate.safeParse(text).error?.issues[0]?.message).toMatch(/a CERTIFICATE and its key/);
});
