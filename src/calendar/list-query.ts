/** The query of a list of events. */
import * as z from "zod";
import { GraphId } from "./input.ts";
import { ZoneName } from "./zone-name.ts";

/** How many events a page has where the query does not say. */
export const DEFAULT_LIMIT = 50;

const MAX_LIMIT = 1_000;
// Graph refuses a longer window.
const MAX_RANGE_MS = 1_825 * 86_400_000;

/** RFC 3339 with an offset, to ms since the epoch. */
const Instant = z.iso
  .datetime({ offset: true, error: "expected a time with an offset, such as 2026-11-20T09:00:00Z" })
  .transform((text) => Date.parse(text));

/**
 * `from` and `to` give expanded instances within a window of at most 1,825 days; without them the events and series
 * themselves come. With a `cursor` the rest may be left out, or must say what it said before.
 */
export const ListQuery = z
  .strictObject({
    from: Instant.optional(),
    to: Instant.optional(),
    limit: z
      .string()
      .regex(/^\d{1,5}$/, `expected a number from 1 to ${MAX_LIMIT}`)
      .transform(Number)
      .pipe(z.int().min(1).max(MAX_LIMIT))
      .optional(),
    cursor: z.string().min(1).max(8_192).optional(),
    time_zone: ZoneName.optional(),
    q: z.string().min(1).max(255).optional(),
    calendar_id: GraphId.optional(),
  })
  .superRefine(({ from, to }, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (from !== undefined && to === undefined) complain("to", "expected together with from");
    if (to !== undefined && from === undefined) complain("from", "expected together with to");
    if (from === undefined || to === undefined) return;
    if (to <= from) complain("to", "expected a time after from");
    if (to - from > MAX_RANGE_MS) complain("to", "expected at most 1,825 days (5 years) after from");
  });

/** The query of a list of events. `from` and `to` are ms since the epoch. */
export type ListQuery = z.infer<typeof ListQuery>;
