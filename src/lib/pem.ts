/** Keys and certificates in PEM (RFC 7468). No I/O. A variable may hold line breaks as `\n`. */
import * as z from "zod";

/** An unencrypted PKCS#8 private key. */
export const pemKey = z.string().transform((value, context) => {
  const key = block(value, "PRIVATE KEY");
  if (key !== undefined) return key.pem;
  context.addIssue(HOW);
  return z.NEVER;
});

/** A certificate with its private key. */
export interface Certificate {
  /** PKCS#8 in PEM. */
  readonly key: string;
  /** The certificate's DER in base64. */
  readonly der: string;
}

/** A private key and a certificate, one after the other in one text. */
export const pemCertificate = z.string().transform((value, context): Certificate => {
  const key = block(value, "PRIVATE KEY");
  const certificate = block(value, "CERTIFICATE");
  if (key && certificate) return { key: key.pem, der: certificate.base64 };
  context.addIssue(`expected a PEM with a CERTIFICATE and its key; ${HOW}`);
  return z.NEVER;
});

const HOW =
  "expected a PEM with PRIVATE KEY (PKCS#8, not encrypted); make one with: openssl pkcs8 -topk8 -nocrypt -in key.pem";

function block(text: string, label: string): { pem: string; base64: string } | undefined {
  const found = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(
    text.replaceAll(String.raw`\n`, "\n"),
  );
  const base64 = found?.[1]?.replace(/\s+/g, "");
  if (base64 === undefined || base64 === "") return undefined;
  const lines = base64.match(/.{1,64}/g) ?? [];
  return { pem: [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join("\n"), base64 };
}
