import * as z from "zod";
import { directorySettings } from "./directory/settings.ts";
import { workloadSettings } from "./directory/workload-routes-settings.ts";
import { googleSettings } from "./google/settings.ts";
import { notionSettings } from "./notion/settings.ts";
import type { SandboxStore } from "./store.ts";

/** Every knob that changes how the providers behave; what is left out keeps its value. */
export const settingsSchema = z.strictObject({
  /** keep: old refresh tokens stay valid. rotate: an old one is dead at once. family: its replay kills all (RFC 9700). */
  refresh_rotation: z.enum(["keep", "rotate", "family"]).default("keep"),
  /** Whether the answer to a refresh carries a new refresh token. */
  refresh_token_in_answer: z.boolean().default(true),
  /** Seconds an access token lives; null is the provider's own random 3,600 to 5,400. */
  expires_in: z.number().int().positive().nullable().default(null),
  /** refuse: a used code is refused. revoke: its replay also revokes what it gave (RFC 6749 section 4.1.2). */
  code_reuse: z.enum(["refuse", "revoke"]).default("refuse"),
  /** granted: the token and its `scope` carry all that was ever granted. asked: only what was asked for. */
  scope_answer: z.enum(["granted", "asked"]).default("granted"),
  /** Members that replace those of the id_token; null takes one away. */
  extra_claims: z.record(z.string(), z.unknown()).default({}),
  /** Members that replace those of the token answer; null takes one away. */
  extra_token_fields: z.record(z.string(), z.unknown()).default({}),
  /** Names of Graph scopes that only an administrator may consent to. */
  admin_consent_scopes: z
    .array(z.string())
    .default(["Directory.Read.All", "User.Read.All", "Group.Read.All", "Device.Read.All", "AuditLog.Read.All"]),
  duplicate_transaction_status: z.union([z.literal(400), z.literal(409)]).default(400),
  /** The zone of a create's answer when the request prefers none. */
  echo_zone: z.enum(["utc", "request"]).default("utc"),
  /** Requests one mailbox serves at a time; null is no limit. */
  mailbox_concurrency: z.number().int().positive().nullable().default(null),
  /** How long a mailbox takes for a request, in milliseconds. */
  mailbox_latency_ms: z.number().int().nonnegative().default(0),
  ...notionSettings,
  ...googleSettings,
  ...directorySettings,
  ...workloadSettings,
});

/** The settings with every default filled in. */
export type Settings = z.infer<typeof settingsSchema>;

const KEY = "settings";

/** The settings as they stand. */
export function readSettings(store: SandboxStore): Settings {
  // What was kept before a knob existed lacks it.
  return { ...DEFAULTS, ...store.get<Settings>(KEY) };
}

/** Changes some settings and answers with all. Throws a ZodError on an unknown name or value. */
export function changeSettings(store: SandboxStore, change: unknown): Settings {
  const merged = settingsSchema.parse({ ...readSettings(store), ...z.record(z.string(), z.unknown()).parse(change) });
  store.put(KEY, merged);
  return merged;
}

const DEFAULTS = settingsSchema.parse({});
