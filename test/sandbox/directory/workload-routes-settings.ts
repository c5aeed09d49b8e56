import * as z from "zod";

/** The knobs that change how Intune, the logs, the alerts and throttling behave. */
export const workloadSettings = {
  /** How a tenant without Intune is refused: 403 Forbidden, 400 "Request not applicable to target tenant.", or 404. */
  intune_refusal: z.enum(["forbidden", "bad_request", "not_found"]).default("forbidden"),
  /** exact: filters by date hold. misses: every seventh device that `gt` and `ge` should find is left out. */
  intune_date_filter: z.enum(["exact", "misses"]).default("exact"),
  /** How a tenant without Defender is refused: 403 with code Forbidden, AccessDenied or an empty one. */
  alerts_refusal: z.enum(["forbidden", "access_denied", "empty_code"]).default("forbidden"),
  /** How long after its time an entry of a log shows up, in milliseconds. */
  log_lag_ms: z.number().int().nonnegative().default(0),
  /** By how much that differs from entry to entry, in milliseconds: a later one may show up before an earlier one. */
  log_lag_spread_ms: z.number().int().nonnegative().default(0),
  /** Whether tenants that the control made are throttled. */
  directory_throttle: z.boolean().default(false),
  /** What every limit of throttling is multiplied by. */
  directory_throttle_scale: z.number().positive().default(1),
};
