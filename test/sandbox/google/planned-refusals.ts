import * as z from "zod";
import { addFault } from "../faults.ts";
import type { World } from "../world.ts";
import { apiEnvelope } from "./api-errors.ts";

const REASONS: Readonly<Record<string, { code: number; domain?: string; message: string }>> = {
  authError: { code: 401, message: "Request had invalid authentication credentials." },
  insufficientPermissions: { code: 403, message: "Request had insufficient authentication scopes." },
  rateLimitExceeded: { code: 403, domain: "usageLimits", message: "Rate Limit Exceeded" },
  userRateLimitExceeded: { code: 403, domain: "usageLimits", message: "User Rate Limit Exceeded" },
  quotaExceeded: { code: 403, domain: "usageLimits", message: "Calendar usage limits exceeded." },
  accessNotConfigured: { code: 403, domain: "usageLimits", message: "Access Not Configured." },
  youtubeSignupRequired: { code: 401, domain: "youtube.header", message: "Unauthorized" },
  channelForbidden: { code: 403, domain: "youtube.channel", message: "The channel may not be accessed." },
  forbidden: { code: 403, message: "Forbidden" },
  notFound: { code: 404, message: "Not Found" },
  fullSyncRequired: {
    code: 410,
    domain: "calendar",
    message: "Sync token is no longer valid, a full sync is required.",
  },
  backendError: { code: 503, message: "Backend Error" },
};

const schema = z.strictObject({
  reason: z.enum(Object.keys(REASONS) as [string, ...string[]]),
  /** Another status than the reason's own: 429 for rates, 500 for backendError. */
  status: z.number().int().min(400).max(599).optional(),
  message: z.string().optional(),
  /** Where the path begins below the API's base. */
  path: z.string().startsWith("/").default("/calendar/v3"),
  method: z.string().optional(),
  skip: z.number().int().nonnegative().default(0),
  times: z.number().int().positive().default(1),
});

/** Plans a refusal in the envelope of Google's APIs, as an ordinary fault. Throws a ZodError when malformed. */
export function planRefusal(world: World, input: unknown) {
  const { reason, status, message, path, ...rest } = schema.parse(input);
  const known = REASONS[reason] ?? { code: 400, message: reason };
  const code = status ?? known.code;
  const quota = reason === "quotaExceeded" && path.startsWith("/youtube");
  const domain = quota ? "youtube.quota" : known.domain;
  const body = apiEnvelope(code, reason, message ?? known.message, domain === undefined ? {} : { domain });
  return addFault(world.store, { ...rest, path: `*${path}*`, status: code, body });
}
