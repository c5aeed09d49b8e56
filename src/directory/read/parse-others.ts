/** The queries of what is no list of rows: one object, changes, insights. No I/O. */
import { CHANGE_KINDS, CHANGE_WHATS } from "./changes.ts";
import type { Listing } from "./fields.ts";
import { openReading, type Parameters } from "./parameters.ts";
import { fieldsOf, type Format, parsePaging, shownFields } from "./parse.ts";
import type { ChangesAsked } from "./question.ts";
import { instant, MOST_DAYS, MOST_TEXT, oneOf, text, whole } from "./values.ts";

const USUAL_DAYS = 30;

/** Reads the query of one object. Failure: `validation_failed`. */
export function parseObject(parameters: Parameters, listing: Listing) {
  const reading = openReading(parameters);
  const fields = reading.single("fields", fieldsOf(listing)) ?? shownFields(listing);
  const asOf = reading.single("as_of", instant);
  reading.finish();
  return { fields, asOf };
}

/** What a URL asks of the change log. The cursor is not read yet. */
export interface ChangesParsed {
  readonly asked: Omit<ChangesAsked, "after" | "now">;
  readonly format: Format;
  readonly cursor: string | undefined;
}

/** Reads the query of the change log. Failure: `validation_failed`. */
export function parseChanges(parameters: Parameters): ChangesParsed {
  const reading = openReading(parameters);
  const { format, limit, count, cursor } = parsePaging(parameters, reading);
  const asked = {
    kinds: reading.several("kind", oneOf(CHANGE_KINDS)),
    what: reading.several("what", oneOf(CHANGE_WHATS)),
    id: reading.single("id", text(MOST_TEXT)),
    from: reading.single("from", instant),
    to: reading.single("to", instant),
    descending: (reading.single("sort", oneOf(["at", "-at"])) ?? "-at") === "-at",
    limit,
    count,
  };
  reading.finish();
  return { asked, format, cursor };
}

/** Reads the query of the insights. Failure: `validation_failed`. */
export function parseInsights(parameters: Parameters): { readonly days: number } {
  const reading = openReading(parameters);
  const days = reading.single("days", whole(1, MOST_DAYS)) ?? USUAL_DAYS;
  reading.finish();
  return { days };
}
