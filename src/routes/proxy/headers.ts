/** Which headers go through, in either direction. Lists of what may, because nobody knows all that may not. No I/O. */
import type { AccessGrant } from "../../connections/grant.ts";

/** What a caller may send on to a provider. */
export const REQUEST_HEADERS = [
  "Accept",
  "Accept-Language",
  "Cache-Control",
  "client-request-id",
  "ConsistencyLevel",
  "Content-Disposition",
  "Content-Language",
  "Content-MD5",
  "Content-Range",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "If-Range",
  "If-Unmodified-Since",
  "Notion-Version",
  "OData-MaxVersion",
  "OData-Version",
  "Prefer",
  "Range",
  "return-client-request-id",
  "SdkVersion",
  "Slug",
  "workbook-session-id",
  // Not X-Goog-Api-Key, a second credential, nor X-Goog-User-Project, which says who pays.
  "X-Goog-Api-Client",
  "X-Goog-FieldMask",
  "X-Goog-Upload-Command",
  "X-Goog-Upload-Content-Length",
  "X-Goog-Upload-Content-Type",
  "X-Goog-Upload-Header-Content-Length",
  "X-Goog-Upload-Header-Content-Type",
  "X-Goog-Upload-Offset",
  "X-Goog-Upload-Protocol",
  "X-Upload-Content-Length",
  "X-Upload-Content-Type",
] as const;

/** What a provider may answer. Cache-Control, RateLimit and RateLimit-Policy are ours. */
const RESPONSE_HEADERS = [
  "accept-ranges",
  "client-request-id",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "deprecation",
  "etag",
  "last-modified",
  "link",
  "location",
  "odata-version",
  "preference-applied",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
  "request-id",
  "retry-after",
  "sunset",
  "vary",
] as const;

const RESPONSE_FAMILIES = /^(?:x-ms-|x-goog-|x-ratelimit-)[\w-]+$/;

/** Some services answer nobody who does not say what they are (GitHub: "User agent required"). */
const USER_AGENT = "Latchkey";

/** The headers of the provider's request, without a token. `defaults`: what its resource wants where the caller says nothing. */
export function requestHeaders(given: Headers, defaults: Readonly<Record<string, string>> = {}): Headers {
  const headers = new Headers({ "User-Agent": USER_AGENT, ...defaults });
  for (const name of REQUEST_HEADERS) {
    const value = given.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

/** The same with the token. RFC 6750 writes the scheme in one way, and some APIs know no other. */
export function authorized(headers: Headers, { tokenType, accessToken }: AccessGrant): Headers {
  const scheme = tokenType.toLowerCase() === "bearer" ? "Bearer" : tokenType;
  const complete = new Headers(headers);
  complete.set("Authorization", `${scheme} ${accessToken}`);
  return complete;
}

/** What of a provider's headers the caller gets. */
export function responseHeaders(given: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of given) if (ALLOWED.has(name) || RESPONSE_FAMILIES.test(name)) headers.append(name, value);
  return headers;
}

const ALLOWED: ReadonlySet<string> = new Set(RESPONSE_HEADERS);
