/** Bodies of requests. */
import { failure } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import type { HostedContext } from "./context.ts";
import { jsonBody } from "./guards.ts";

/** The body as JSON, or an empty object where none was sent. Fails as `unsupported_media_type`, `payload_too_large`, `malformed_json`. */
export async function optionalJson(c: HostedContext): Promise<object> {
  // Many clients name a type for what they do not send.
  if (c.req.raw.body === null || c.req.header("Content-Length") === "0") return {};
  await jsonBody(c, () => Promise.resolve());
  return jsonObject(c);
}

/** The body as a JSON object, its type checked already. Fails as `malformed_json`. */
export async function jsonObject(c: HostedContext): Promise<object> {
  const body = parseJson(await c.req.text());
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw failure("malformed_json", "The body is not a JSON object.");
}
