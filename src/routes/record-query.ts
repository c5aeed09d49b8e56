/** The queries of the records: the audit trail, consents, analytics. */
import * as z from "zod";
import { AUDIT_ACTIONS } from "../connections/audit.ts";
import { dayOf } from "../db/counters.ts";
import { ConnectionId, Owner, PROVIDER_ID } from "../lib/ids.ts";

const DAY_MS = 86_400_000;
const MAX_LIMIT = 200;
const MAX_DAYS = 400;
const USUAL_DAYS = 30;

/** RFC 3339 with an offset, to ms since the epoch. */
const Instant = z.iso
  .datetime({ offset: true, error: "expected a time with an offset, such as 2026-11-20T09:00:00Z" })
  .transform((text) => Date.parse(text));

const Day = z.iso.date("expected a day, such as 2026-11-20");

const Provider = z.string().regex(PROVIDER_ID, "expected a provider's id");

const Cursor = z.string().min(1).max(1_024).optional();

/** Which records, in all lists. `owner` is for operators. */
const Narrowing = {
  owner: Owner.optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  provider: Provider.optional(),
  connection: ConnectionId.optional(),
};

const Page = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `expected a number from 1 to ${MAX_LIMIT}`)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_LIMIT))
    .default(50),
  cursor: Cursor,
};

/** The query of `GET /audit`. Times in ms since the epoch; `from` is included and `to` is not. */
export const AuditQuery = z.strictObject({
  ...Narrowing,
  ...Page,
  action: z.enum(AUDIT_ACTIONS).optional(),
  outcome: z.enum(["ok", "failed"]).optional(),
});

/** The query of `GET /audit/verify`. */
export const VerifyQuery = z.strictObject({ owner: Owner.optional(), cursor: Cursor });

/** The query of `GET /consents`. */
export const ConsentQuery = z.strictObject({
  ...Narrowing,
  ...Page,
  format: z.enum(["json", "ndjson"], "expected json or ndjson").default("json"),
});

/** The query of `GET /analytics`: days in UTC, both included; the last 30 where nothing is said. */
export const AnalyticsQuery = z
  .strictObject({ owner: Owner.optional(), from: Day.optional(), to: Day.optional(), provider: Provider.optional() })
  .transform(({ from, to, ...rest }) => {
    const last = to ?? dayOf(Date.now());
    return { ...rest, from: from ?? daysBefore(last, USUAL_DAYS - 1), to: last };
  })
  .superRefine(({ from, to }, context) => {
    const complain = (message: string) => context.addIssue({ code: "custom", path: ["to"], message });
    if (to < from) complain("expected a day that is not before from");
    if (daysBefore(to, MAX_DAYS - 1) > from) complain(`expected at most ${MAX_DAYS} days`);
  });

/** The day that is `days` before another one; negative: after it. */
export function daysBefore(day: string, days: number): string {
  return dayOf(Date.parse(day) - days * DAY_MS);
}
