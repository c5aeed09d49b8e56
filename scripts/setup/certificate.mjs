/** A certificate with its private key, in one PEM file. */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { reasonOf } from "../exit.mjs";
import { wrongUse } from "./ended.mjs";

/**
 * `pem` is the key in PKCS#8 and its certificate, as the Worker takes them; `thumbprint` the SHA-256 of the
 * certificate's DER in base64url.
 *
 * @typedef {{ kind: "certificate", pem: string, key: string, thumbprint: string, expiresAt: Date }} Certificate
 */

const MIN_BITS = 2048;

/**
 * @param {string} file
 * @returns {Certificate}
 * @throws {import("./ended.mjs").Ended} Saying which of the two is missing or wrong.
 */
export function readCertificate(file) {
  return parseCertificate(readText(file), Date.now());
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    throw wrongUse(`--certificate: the file cannot be read (${String(code ?? reasonOf(error))})`);
  }
}

/**
 * @param {string} text
 * @param {number} now In ms since the epoch.
 * @returns {Certificate}
 */
export function parseCertificate(text, now) {
  const keyPem = block(text, "(?:RSA )?PRIVATE KEY");
  if (keyPem === undefined) throw wrongUse(missingKey(text));
  const key = read("the private key", () => createPrivateKey(keyPem));
  const certificates = blocks(text, "CERTIFICATE").map((pem) => read("a certificate", () => new X509Certificate(pem)));
  if (certificates.length === 0) throw wrongUse("--certificate: the file has no CERTIFICATE beside the key");
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (own === undefined) throw wrongUse("--certificate: certificate and private key do not belong together");
  // PS256, which Entra asks for, is an RSA signature.
  if (key.asymmetricKeyType !== "rsa" || (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_BITS) {
    throw wrongUse(`--certificate: expected an RSA key of ${MIN_BITS} bits or more`);
  }
  const expiresAt = new Date(own.validTo);
  if (expiresAt.getTime() <= now) throw wrongUse(`--certificate: expired on ${expiresAt.toISOString().slice(0, 10)}`);
  const pkcs8 = String(key.export({ type: "pkcs8", format: "pem" })).trim();
  return {
    kind: "certificate",
    key: pkcs8,
    pem: `${pkcs8}\n${own.toString().trim()}\n`,
    thumbprint: createHash("sha256").update(own.raw).digest("base64url"),
    expiresAt,
  };
}

/** @param {string} text */
function missingKey(text) {
  if (text.includes("BEGIN ENCRYPTED PRIVATE KEY") || text.includes("Proc-Type: 4,ENCRYPTED")) {
    return "--certificate: the private key is encrypted; decrypt it with: openssl pkcs8 -topk8 -nocrypt -in key.pem";
  }
  return "--certificate: the file has no PRIVATE KEY; expected certificate and key, one after the other, in PEM";
}

/**
 * @template Value
 * @param {string} what
 * @param {() => Value} make
 */
function read(what, make) {
  try {
    return make();
  } catch {
    // OpenSSL's words say nothing to a person, and might quote what they choke on.
    throw wrongUse(`--certificate: ${what} cannot be read`);
  }
}

/**
 * @param {string} text
 * @param {string} label
 */
function block(text, label) {
  return blocks(text, label)[0];
}

/**
 * @param {string} text
 * @param {string} label
 */
function blocks(text, label) {
  return text.match(new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]+-----END ${label}-----`, "g")) ?? [];
}
