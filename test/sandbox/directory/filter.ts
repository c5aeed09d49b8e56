import { GraphError } from "../graph/errors.ts";
import type { Properties } from "./directory.ts";

/** A test that an object passes or not. */
export type Test = (object: Record<string, unknown>) => boolean;

/** A `$filter` of a list. `advanced` is what only the eventual index can answer, `signIn` what reads sign-in activity. */
export interface Filter {
  test: Test;
  advanced: boolean;
  signIn: boolean;
  /** The ids, when it is nothing but a choice of such. */
  ids?: string[];
}

/** The ids of `id eq 'a' or id eq 'b'`, the one filter of delta; null without a filter. Throws 400 on any other, and on more than 50. */
export function readIds(text: string | null): string[] | null {
  if (text === null) return null;
  const ids = idsOf(text);
  if (ids === undefined)
    throw new GraphError(400, "BadRequest", "Only 'id eq' filters are supported with change tracking.");
  if (ids.length > MOST_IDS)
    throw new GraphError(400, "BadRequest", `Too many ids in the filter: the most are ${MOST_IDS}.`);
  return ids;
}

/** Reads a list's `$filter`: terms joined by `and`. Throws 400 on what it does not know. */
export function readFilter(text: string): Filter {
  const ids = idsOf(text);
  if (ids !== undefined) {
    const wanted = new Set(ids.map((id) => id.toLowerCase()));
    return { test: ({ id }) => wanted.has(String(id)), advanced: false, signIn: false, ids };
  }
  const terms = conjuncts(text).map(readTerm);
  const signIn = terms.some((term) => term.signIn);
  if (signIn && terms.length > 1)
    throw new GraphError(
      400,
      "Request_UnsupportedQuery",
      "Filter on signInActivity cannot be combined with other filters.",
    );
  return {
    test: (object) => terms.every(({ test }) => test(object)),
    advanced: terms.some(({ advanced }) => advanced),
    signIn,
  };
}

/** Reads `$search`: `"displayName:ana"`, matched at the beginnings of words. Throws 400 on any other form. */
export function readSearch(text: string): Test {
  const [, name, words] = /^"(displayName|mail|userPrincipalName|description):(.+)"$/.exec(text.trim()) ?? [];
  if (name === undefined || words === undefined)
    throw new GraphError(
      400,
      "Request_BadRequest",
      `Syntax error: character '${text[0] ?? ""}' is not valid at position 0 in '${text}'.`,
    );
  const wanted = words.toLowerCase();
  return (object) => {
    const value = lower(object[name]);
    return value.startsWith(wanted) || value.split(/[\s@._-]+/).some((word) => word.startsWith(wanted));
  };
}

type Term = Omit<Filter, "ids">;
type Reader = (match: RegExpExecArray) => Term;

const MOST_IDS = 50;
const STRING = "'((?:[^']|'')*)'";
const term = (test: Test, advanced = false, signIn = false): Term => ({ test, advanced, signIn });

const READERS: readonly [pattern: RegExp, reader: Reader][] = [
  [
    new RegExp(`^startswith\\(\\s*(\\w+)\\s*,\\s*${STRING}\\s*\\)$`, "i"),
    ([, name = "", text = ""]) => term((object) => lower(object[name]).startsWith(lower(unquoted(text)))),
  ],
  [
    new RegExp(`^endswith\\(\\s*(mail|userPrincipalName)\\s*,\\s*${STRING}\\s*\\)$`, "i"),
    ([, name = "", text = ""]) => term((object) => lower(object[name]).endsWith(lower(unquoted(text))), true),
  ],
  [
    /^not\s*\((.*)\)$/is,
    ([, inner = ""]) => {
      const { test } = readTerm(inner);
      return term((object) => !test(object), true);
    },
  ],
  [
    /^signInActivity\/(lastSignInDateTime|lastNonInteractiveSignInDateTime|lastSuccessfulSignInDateTime) (ge|le) (\S+)$/,
    ([, name = "", operator, time = ""]) => {
      const bound = Date.parse(time);
      if (Number.isNaN(bound)) throw invalid(time);
      const at = (object: Record<string, unknown>) =>
        Date.parse((object["signInActivity"] as Record<string, string> | undefined)?.[name] ?? "");
      return term((object) => (operator === "ge" ? at(object) >= bound : at(object) <= bound), false, true);
    },
  ],
  [
    new RegExp(`^(\\w+) (eq|ne) (?:${STRING}|(true|false|null))$`),
    ([, name = "", operator, text, word]) => {
      const wanted = text === undefined ? WORDS[word ?? ""] : lower(unquoted(text));
      const same = (value: unknown) => (typeof value === "string" ? value.toLowerCase() : (value ?? null)) === wanted;
      const advanced = operator === "ne" || (wanted === null && name !== "mail");
      return term((object) => same(object[name]) === (operator === "eq"), advanced);
    },
  ],
];

const WORDS: Record<string, boolean | null> = { true: true, false: false, null: null };

function readTerm(text: string): Term {
  for (const [pattern, reader] of READERS) {
    const match = pattern.exec(text.trim());
    if (match !== null) return reader(match);
  }
  throw invalid(text);
}

function invalid(text: string): GraphError {
  return new GraphError(
    400,
    "Request_UnsupportedQuery",
    `Unsupported or invalid query filter clause specified: '${text}'.`,
  );
}

function idsOf(text: string): string[] | undefined {
  const parts = text.split(/\s+or\s+/i).map((part) => /^\s*id eq '([^']*)'\s*$/i.exec(part)?.[1]);
  const list = /^\s*id in \(([^)]*)\)\s*$/i
    .exec(text)?.[1]
    ?.split(",")
    .map((part) => /^\s*'([^']*)'\s*$/.exec(part)?.[1]);
  const ids = list ?? parts;
  return ids.every((id) => id !== undefined) ? [...new Set(ids)] : undefined;
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

function lower(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase() : "";
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'");
}

/** The order of names: without case, then by id. */
export function byName(a: Properties, b: Properties): number {
  const [first, second] = [lower(a.displayName), lower(b.displayName)];
  if (first !== second) return first < second ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
