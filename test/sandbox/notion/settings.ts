import * as z from "zod";

const CAPABILITIES = ["read_content", "update_content", "read_user", "read_user_with_email"] as const;

/** The knobs that change how Notion behaves. */
export const notionSettings = {
  /** How long the tokens that a refresh replaced go on working, in milliseconds. */
  notion_rotation_grace_ms: z.number().int().nonnegative().default(0),
  /** refuse: a replaced refresh token is refused. revoke: its replay also ends the connection (RFC 9700). */
  notion_replay: z.enum(["refuse", "revoke"]).default("refuse"),
  /** Whether token answers carry a refresh token; otherwise it is null, and the one before stays good. */
  notion_refresh_token: z.boolean().default(true),
  /** Who a token answer says it belongs to: a person, a person of whom only the id is told, or the workspace. */
  notion_owner: z.enum(["user", "partial_user", "workspace"]).default("user"),
  /** Whether the OAuth endpoints refuse in the words of RFC 6749 or in the envelope of the other endpoints. */
  notion_oauth_errors: z.enum(["rfc", "envelope"]).default("rfc"),
  /** authorization: each sign-in gets a bot id of its own. person: a person's bot in a workspace stays the same. */
  notion_bot_per: z.enum(["authorization", "person"]).default("authorization"),
  /** Seconds an access token lives, which no answer tells; null is until it is replaced or revoked. */
  notion_expires_in: z.number().int().positive().nullable().default(null),
  /** What the integration's settings at Notion let it do; the rest is 403. */
  notion_capabilities: z.array(z.enum(CAPABILITIES)).default([...CAPABILITIES]),
  /** Requests per second that a connection may make on average; null is no limit. */
  notion_requests_per_second: z.number().positive().nullable().default(null),
  /** Requests that a connection may make at once before that average counts. */
  notion_burst: z.number().int().positive().default(10),
};
