/** The signature of a delivery: Standard Webhooks 1.0.0, symmetric. The same event is signed anew at each try. */

/** What is signed. `timestamp`: seconds since the epoch. */
export interface Signed {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

/** The header fields of a delivery: one signature per secret, so that a receiver may change over from one to the other. */
export async function signatureHeaders(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  { id, timestamp, body }: Signed,
): Promise<Record<string, string>> {
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(secrets.map(async (secret) => `v1,${await hmac(secret, signed)}`));
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signatures.join(" ") };
}

async function hmac(secret: Uint8Array<ArrayBuffer>, signed: Uint8Array): Promise<string> {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", key, signed))));
}
