import { badQuery } from "../graph/errors.ts";

/** One comparison of a `$filter`; times are in milliseconds. */
export interface Comparison {
  kind: "compare";
  property: string;
  operator: Operator;
  value: string | number | boolean;
}

/** A `$filter`, taken apart. */
export type Filter = Comparison | { kind: "and" | "or"; parts: Filter[] };

/** What a comparison may use. */
export type Operator = "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "startswith";

/** What a collection can be filtered by: each property, of what kind it is, and the operators that it takes. */
export type Filterable = Readonly<Record<string, { type: "text" | "time"; operators: readonly Operator[] }>>;

/** Reads `$filter`. Throws 400 on what cannot be read, and on a property or operator that is not filterable. */
export function readFilter(text: string | null, filterable: Filterable): Filter | undefined {
  if (text === null) return undefined;
  const reader = new FilterReader(text, filterable);
  return reader.whole();
}

/** Whether something passes, by the values that `get` tells of its properties. */
export function passes(filter: Filter | undefined, get: (property: string) => unknown): boolean {
  if (filter === undefined) return true;
  if (filter.kind !== "compare") {
    const holds = (one: Filter) => passes(one, get);
    return filter.kind === "and" ? filter.parts.every(holds) : filter.parts.some(holds);
  }
  const found = get(filter.property);
  const own = typeof filter.value === "number" && typeof found === "string" ? Date.parse(found) : found;
  return COMPARE[filter.operator](own, filter.value);
}

/** Every comparison of a filter. */
export function comparisons(filter: Filter | undefined): Comparison[] {
  if (filter === undefined) return [];
  return filter.kind === "compare" ? [filter] : filter.parts.flatMap(comparisons);
}

/** The times in milliseconds, both included, outside of which nothing passes; for filters without `or`. */
export function timeBounds(filter: Filter | undefined, property: string): { from: number; to: number } {
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { property: name, operator, value } of comparisons(filter)) {
    if (name !== property || typeof value !== "number") continue;
    if (operator !== "le" && operator !== "lt") from = Math.max(from, value);
    if (operator !== "ge" && operator !== "gt") to = Math.min(to, value);
  }
  return { from, to };
}

class FilterReader {
  readonly #text: string;
  readonly #filterable: Filterable;
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string, filterable: Filterable) {
    this.#text = text;
    this.#filterable = filterable;
    this.#tokens = text.match(/'(?:[^']|'')*'|[(),]|[^\s(),']+|'/g) ?? [];
  }

  whole(): Filter {
    const filter = this.#either();
    if (this.#at < this.#tokens.length) throw this.#wrong();
    return filter;
  }

  #either(): Filter {
    return this.#chain("or", () => this.#chain("and", () => this.#one()));
  }

  #chain(kind: "and" | "or", read: () => Filter): Filter {
    const parts = [read()];
    while (this.#tokens[this.#at]?.toLowerCase() === kind) {
      this.#at++;
      parts.push(read());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind, parts };
  }

  #one(): Filter {
    if (this.#tokens[this.#at] === "(") {
      this.#at++;
      const inside = this.#either();
      this.#expect(")");
      return inside;
    }
    const word = this.#next();
    if (word.toLowerCase() === "startswith") return this.#startsWith();
    const operator = this.#next().toLowerCase();
    return this.#comparison(word, operator, this.#next());
  }

  #startsWith(): Filter {
    this.#expect("(");
    const property = this.#next();
    this.#expect(",");
    const literal = this.#next();
    this.#expect(")");
    return this.#comparison(property, "startswith", literal);
  }

  #comparison(property: string, written: string, literal: string): Comparison {
    const known = this.#filterable[property];
    const operator = known?.operators.find((one) => one === written);
    if (known === undefined || operator === undefined) throw this.#wrong();
    return { kind: "compare", property, operator, value: known.type === "time" ? timeIn(literal) : textIn(literal) };
  }

  #expect(token: string): void {
    if (this.#next() !== token) throw this.#wrong();
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#wrong();
    return token;
  }

  #wrong() {
    return badQuery(`Invalid filter clause: '${this.#text}'.`);
  }
}

function textIn(literal: string): string {
  if (!/^'.*'$/s.test(literal)) throw badQuery(`Invalid filter clause: '${literal}' is no string.`);
  return literal.slice(1, -1).replaceAll("''", "'");
}

// Edm.DateTimeOffset: no quotes, and a zone is obligatory.
function timeIn(literal: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)$/.test(literal))
    throw badQuery(`Invalid filter clause: '${literal}' is no Edm.DateTimeOffset.`);
  return Date.parse(literal);
}

const COMPARE: Record<Operator, (own: unknown, value: string | number | boolean) => boolean> = {
  eq: (own, value) => own === value,
  ne: (own, value) => own !== value,
  gt: (own, value) => typeof own === "number" && own > Number(value),
  ge: (own, value) => typeof own === "number" && own >= Number(value),
  lt: (own, value) => typeof own === "number" && own < Number(value),
  le: (own, value) => typeof own === "number" && own <= Number(value),
  startswith: (own, value) => typeof own === "string" && own.toLowerCase().startsWith(String(value).toLowerCase()),
};
