/**
 * The query of a list, from what a URL says to a question. Whatever is not known is refused by its name, so that a
 * mistake never gives more rows than were meant. No I/O.
 */
import type { Field, Listing, Special } from "./fields.ts";
import type { Filter, ListAsked } from "./question.ts";
import { openReading, type Parameters, type Reading } from "./parameters.ts";
import { flag, instant, MOST_DAYS, MOST_ROWS, MOST_TEXT, oneOf, type Parsed, text, whole } from "./values.ts";

/** How an answer is written. */
export const FORMATS = ["json", "csv", "ndjson"] as const;

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number];

/** What a URL asks of a list. The cursor is not read yet: it belongs to this very query. */
export interface ListParsed {
  readonly asked: Omit<ListAsked, "after" | "now">;
  readonly format: Format;
  readonly transitive: boolean;
  readonly cursor: string | undefined;
}

/** What a list takes beside its filters. */
export interface Taken {
  readonly listing: Listing;
  readonly hasHistory: boolean;
  /** True where what is inside of what is inside can be asked for. */
  readonly canNest?: boolean;
  /** Fields that it can be sorted by; all that have an order where nothing is said. */
  readonly sorts?: readonly string[];
}

const USUAL_ROWS = 100;
const PAGED = ["limit", "cursor", "count"] as const;
const SORTED_KINDS = new Set<string>(["text", "number", "flag", "time"]);

/** Reads the query of a list. Failure: `validation_failed`, with every mistake. */
export function parseList(parameters: Parameters, taken: Taken): ListParsed {
  const reading = openReading(parameters);
  const { listing, hasHistory, canNest } = taken;
  const { format, limit, count, cursor } = parsePaging(parameters, reading);
  const asked = {
    filters: filtersOf(parameters, listing, reading),
    search: reading.single("q", text(MOST_TEXT)),
    sort: sortOf(reading.single("sort", oneOf(sortsOf(taken))) ?? listing.sort),
    fields: reading.single("fields", fieldsOf(listing)) ?? shownFields(listing),
    limit,
    count,
    asOf: hasHistory ? reading.single("as_of", instant) : undefined,
  };
  const transitive = (canNest && reading.single("transitive", flag)) ?? false;
  if (asked.asOf !== undefined) refusePresent(listing, asked, reading);
  reading.finish();
  return { asked, format, transitive, cursor };
}

/** What is read of any list. */
export function parsePaging(parameters: Parameters, reading: Reading) {
  const format = reading.single("format", oneOf(FORMATS)) ?? "json";
  const limit = reading.single("limit", whole(1, MOST_ROWS));
  const count = reading.single("count", flag) ?? false;
  const cursor = reading.single("cursor", text(4_096));
  for (const name of PAGED)
    if (format !== "json" && parameters[name]) reading.wrong(name, `not with format=${format}, which gives all rows`);
  return { format, limit: limit ?? (format === "json" ? USUAL_ROWS : MOST_ROWS), count, cursor };
}

/** The fields that are shown where nothing is said: all. */
export function shownFields({ fields }: Listing): string[] {
  return Object.entries(fields).flatMap(([name, { hidden }]) => (hidden ? [] : [name]));
}

/** Reads `fields=`. */
export function fieldsOf(listing: Listing): (value: string) => Parsed<string[]> {
  const known = shownFields(listing);
  return (value) => {
    const names = [...new Set(value.split(","))];
    const unknown = names.filter((name) => !known.includes(name));
    return unknown.length === 0
      ? { value: names }
      : { error: `unknown field ${unknown.join(", ").slice(0, 100)}; expected some of ${known.join(", ")}` };
  };
}

function sortsOf({ listing, sorts }: Taken): string[] {
  const names =
    sorts ?? Object.entries(listing.fields).flatMap(([name, { kind }]) => (SORTED_KINDS.has(kind) ? [name] : []));
  return names.flatMap((name) => [name, `-${name}`]);
}

function sortOf(sort: string): ListAsked["sort"] {
  const descending = sort.startsWith("-");
  const field = descending ? sort.slice(1) : sort;
  return { field: field === "" ? undefined : field, descending };
}

function filtersOf(parameters: Parameters, listing: Listing, reading: Reading): Filter[] {
  return Object.keys(parameters).flatMap((name) => {
    const known = filterNamed(listing, name);
    if (!known) return [];
    const values = known.once ? [reading.single(name, known.read)] : reading.several(name, known.read);
    return [{ field: known.field, test: known.test, values: (values ?? []).filter((value) => value !== undefined) }];
  });
}

interface NamedFilter extends Pick<Filter, "field" | "test"> {
  readonly read: Reader;
  readonly once?: boolean;
}

function filterNamed(listing: Listing, name: string): NamedFilter | undefined {
  const special = own(listing.specials, name);
  if (special) {
    const once = special.value === "flag" || special.value === "days";
    return { field: name, test: "special", read: specialReader(special), once };
  }
  const field = own(listing.fields, name);
  const read = field && READERS[field.kind];
  if (read) return { field: name, test: "any", read };
  const [, timed = "", side] = /^(\w+)_(before|after)$/.exec(name) ?? [];
  if (own(listing.fields, timed)?.kind !== "time" || (side !== "before" && side !== "after")) return undefined;
  return { field: timed, test: side, read: instant, once: true };
}

type Reader = (value: string) => Parsed<string | number | boolean | null>;

/** Nothing between the equals sign and the next parameter asks for what has no value. */
const orNone =
  (read: Reader): Reader =>
  (value) =>
    value === "" ? { value: null } : read(value);

const READERS: Readonly<Partial<Record<Field["kind"], Reader>>> = {
  id: text(MOST_TEXT),
  text: orNone(text(MOST_TEXT)),
  number: orNone(whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
  flag: orNone(flag),
  present: flag,
};

function specialReader({ value }: Special): Reader {
  if (typeof value !== "string") return oneOf(value);
  switch (value) {
    case "id":
    case "text":
      return orNone(text(MOST_TEXT));
    case "flag":
      return flag;
    case "days":
      return whole(1, MOST_DAYS);
  }
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What the history does not have cannot be asked of the past. */
function refusePresent(
  listing: Listing,
  { filters, sort }: Pick<ListAsked, "filters" | "sort">,
  reading: Reading,
): void {
  const isPresent = (name: string) =>
    own(listing.fields, name)?.unrecorded === true || own(listing.specials, name)?.presentOnly === true;
  const message = "not with as_of: the history does not have it";
  for (const { field, test } of filters)
    if (isPresent(field)) reading.wrong(test === "before" || test === "after" ? `${field}_${test}` : field, message);
  if (sort.field !== undefined && isPresent(sort.field)) reading.wrong("sort", message);
}
