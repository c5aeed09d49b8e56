import { badQuery, GraphError } from "./errors.ts";
import type { Instance, StoredEvent } from "./event-record.ts";
import { instantOf } from "./wall-clock.ts";

/** A test that an event passes or not. */
export type Filter = (instance: Instance) => boolean;

/** Reads `$filter`: the comparisons that a calendar knows, joined by `and`. Throws 400 on any other. */
export function readFilter(text: string | null): Filter {
  if (text === null) return () => true;
  const filters = conjuncts(text).map(readComparison);
  return (instance) => filters.every((filter) => filter(instance));
}

/** Reads `$orderby`: one property, ascending unless it says `desc`. */
export function readOrder(text: string | null): (a: Instance, b: Instance) => number {
  const [, property = "", direction] = /^\s*([\w/]+)(?:\s+(asc|desc))?\s*$/i.exec(text ?? "start/dateTime") ?? [];
  const key = ORDERS[property];
  if (key === undefined) throw badQuery(`Could not order by '${text}'.`);
  const sign = direction?.toLowerCase() === "desc" ? -1 : 1;
  return (a, b) => sign * compare(key(a), key(b));
}

/** The ids of the extended properties that `$expand` asks for. */
export function readExpand(text: string | null): string[] | undefined {
  if (text === null) return undefined;
  const match = /^singleValueExtendedProperties\(\s*\$filter=(.*)\)$/i.exec(text.trim());
  if (match?.[1] === undefined) throw badQuery(`Could not expand '${text}'.`);
  const ids = [...match[1].matchAll(/id eq '((?:[^']|'')*)'/gi)].map(([, id = ""]) => unquoted(id));
  if (ids.length === 0) throw badQuery("A filter with the ids of the extended properties is required.");
  return ids;
}

/** The extended properties of an event with one of the ids. */
export function extendedProperties({ properties }: StoredEvent, ids: readonly string[]) {
  return properties.filter(({ id }) => ids.some((wanted) => wanted.toLowerCase() === id.toLowerCase()));
}

type Comparison = (match: RegExpExecArray) => Filter;

const STRING = "'((?:[^']|'')*)'";
const COMPARISONS: readonly [pattern: RegExp, comparison: Comparison][] = [
  [
    new RegExp(`^contains\\(subject,\\s*${STRING}\\)$`, "i"),
    ([, text = ""]) => subject((own) => own.includes(lower(text))),
  ],
  [
    new RegExp(`^startswith\\(subject,\\s*${STRING}\\)$`, "i"),
    ([, text = ""]) => subject((own) => own.startsWith(lower(text))),
  ],
  [new RegExp(`^subject eq ${STRING}$`, "i"), ([, text = ""]) => subject((own) => own === lower(text))],
  [
    new RegExp(
      `^singleValueExtendedProperties/Any\\(\\s*(\\w+)\\s*:\\s*\\1/id eq ${STRING} and \\1/value eq ${STRING}\\s*\\)$`,
      "i",
    ),
    ([, , id = "", value = ""]) =>
      ({ event }) =>
        extendedProperties(event, [unquoted(id)]).some((property) => property.value === unquoted(value)),
  ],
  [
    new RegExp(`^(start|end)/dateTime (ge|gt|le|lt) ${STRING}$`, "i"),
    ([, side = "", operator = "", bound = ""]) => timeFilter(side, operator, bound),
  ],
];

function readComparison(text: string): Filter {
  for (const [pattern, comparison] of COMPARISONS) {
    const match = pattern.exec(text.trim());
    if (match !== null) return comparison(match);
  }
  throw new GraphError(
    400,
    "ErrorInvalidUrlQueryFilter",
    `The query filter contains one or more invalid or unsupported terms: '${text}'.`,
  );
}

// Splits at every `and` that stands neither in a string nor in brackets.
function conjuncts(text: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const token of text.split(/('(?:[^']|'')*'|[()]|\s+and\s+)/i)) {
    if (token === "(") depth++;
    if (token === ")") depth--;
    if (depth === 0 && /^\s+and\s+$/i.test(token)) parts.push("");
    else parts.push((parts.pop() ?? "") + token);
  }
  return parts;
}

function timeFilter(side: string, operator: string, bound: string): Filter {
  const at = /(Z|[+-]\d{2}:\d{2})$/.test(bound) ? Date.parse(bound) : instantOf(bound.slice(0, 19), "UTC");
  if (Number.isNaN(at)) throw badQuery(`Invalid time '${bound}'.`);
  const holds = OPERATORS[operator.toLowerCase()] ?? (() => false);
  return ({ startMs, endMs }) => holds(side.toLowerCase() === "start" ? startMs : endMs, at);
}

const OPERATORS: Record<string, (a: number, b: number) => boolean> = {
  ge: (a, b) => a >= b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  lt: (a, b) => a < b,
};

const ORDERS: Record<string, (instance: Instance) => string | number> = {
  "start/dateTime": ({ startMs }) => startMs,
  "end/dateTime": ({ endMs }) => endMs,
  subject: ({ fields }) => fields.subject,
  createdDateTime: ({ event }) => event.createdAt,
  lastModifiedDateTime: ({ event }) => event.modifiedAt,
};

function subject(test: (subject: string) => boolean): Filter {
  return ({ fields }) => test(fields.subject.toLowerCase());
}

function lower(text: string): string {
  return unquoted(text).toLowerCase();
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'");
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
