/** How each kind of variable is read. No I/O. A message says what was expected and how to make one; never the value. */
import { base64url } from "jose";
import * as z from "zod";
import { isBucket, type LimitOverrides, LIMITS } from "./limits.ts";

const KEY_BYTES = 32;
const MAKE_KEY = "make one with: openssl rand -base64 32";

/** Text without surrounding blanks. */
export const text = z.string().trim().min(1, "expected some text");

/** `a,b , c` as a list, blanks and empty parts dropped. */
export const list = text.transform((value) =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** A client's secret, or several while one is being replaced: the first is tried first. */
export const clientSecrets = list.refine(
  (parts) => parts.length > 0,
  "expected a client secret, or two comma-separated while one is being replaced",
);

/** A shared secret for HS256, as bytes (RFC 7518 section 3.2: at least as long as the hash). */
export const sharedSecret = z
  .string()
  .transform((value) => new TextEncoder().encode(value))
  .refine((bytes) => bytes.length >= KEY_BYTES, `expected ${KEY_BYTES} bytes or more; ${MAKE_KEY}`);

/** One AES-256 key of the ring; without an id it is known by its fingerprint. */
export interface RingKeySource {
  readonly id: string | undefined;
  readonly bytes: Uint8Array;
}

/** `key` or `id:key,id:key`: base64 or base64url, 32 bytes each. The first seals, all open. */
export const keyRing = list.transform((parts, context): RingKeySource[] => {
  const keys = parts.map(parseRingKey);
  const good = keys.filter((key) => key !== undefined);
  const ids = good.map((key) => key.id).filter((id) => id !== undefined);
  if (good.length !== keys.length || good.length === 0) {
    context.addIssue(`expected ${KEY_BYTES} bytes in base64, or several as id:key,id:key; ${MAKE_KEY}`);
  }
  if (new Set(ids).size !== ids.length) context.addIssue("expected every key id once");
  return good;
});

function parseRingKey(part: string): RingKeySource | undefined {
  const [, id, encoded] = /^(?:([\w-]{1,32}):)?([\w+/-]{43}={0,1})$/.exec(part) ?? [];
  if (encoded === undefined || id === "derived") return undefined;
  const bytes = base64url.decode(encoded.replaceAll("+", "-").replaceAll("/", "_").replace(/=$/, ""));
  return bytes.length === KEY_BYTES ? { id, bytes } : undefined;
}

/** The directory part of Entra's URLs: common, organizations, consumers, a GUID or a verified domain. */
export const entraTenant = text.regex(
  /^(common|organizations|consumers|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]+(\.[a-z0-9-]+)+)$/i,
  "expected common, organizations, consumers, a tenant's GUID or its domain",
);

/** An absolute http(s) URL without credentials or fragment; a trailing slash is dropped. Whether http may be used is decided by {@link mayUse}. */
export const baseUrl = text.transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !["https:", "http:"].includes(url.protocol) || url.username + url.password !== "" || url.hash !== "") {
    context.addIssue("expected an absolute URL such as https://login.example.com");
    return z.NEVER;
  }
  return value.replace(/\/+$/, "");
});

/** A list of origins, each exactly as a browser would write it. */
export const origins = list.refine(
  (parts) => parts.every((part) => URL.canParse(part) && new URL(part).origin === part),
  "expected origins such as https://app.example.com, comma-separated, without a path",
);

/** Origins, or `*` for any. */
export const originsOrAny = z.union([z.literal("*").transform(() => "*" as const), origins]);

/** True where `url` may be used in this environment: https anywhere, http in development alone. */
export function mayUse(url: string, environment: "development" | "production"): boolean {
  return environment === "development" || url.startsWith("https:");
}

/** `bucket=quota/seconds, …` */
export const limitOverrides = list.transform((parts, context): LimitOverrides => {
  const overrides: Record<string, { quota: number; windowS: number }> = {};
  for (const part of parts) {
    const [, bucket = "", quota, windowS] = /^([a-z_]+)=([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(part) ?? [];
    if (isBucket(bucket)) overrides[bucket] = { quota: Number(quota), windowS: Number(windowS) };
    else
      context.addIssue(
        `expected bucket=quota/seconds, comma-separated, such as events_read=500/60; buckets: ${Object.keys(LIMITS).join(", ")}`,
      );
  }
  return overrides;
});

/** A time, as ms since the epoch. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], "expected a time such as 2027-03-01T00:00:00Z")
  .transform((value) => Date.parse(value));

/** A share between 0 and 1. */
export const share = z.coerce
  .number("expected a number from 0 to 1")
  .min(0, "expected 0 or more")
  .max(1, "expected 1 or less");

/** A whole number of days. */
export const days = z.coerce
  .number("expected a number of days")
  .int("expected whole days")
  .min(1, "expected a day or more")
  .max(36_500);
