import { pack, unpack } from "../ids.ts";
import { badQuery } from "../graph/errors.ts";

/** Throws 400 when the request has a query option that the collection does not take. */
export function allowOptions(url: URL, allowed: readonly string[]): void {
  for (const name of url.searchParams.keys()) {
    if (name.startsWith("$") && !allowed.includes(name))
      throw badQuery(`The query option '${name}' is not allowed for this request.`);
  }
}

/** `$top`, from 1 to `most`; `fallback` when it is not given. Throws 400 on another: it is not cut to size. */
export function readTop(url: URL, { fallback, most }: { fallback: number; most: number }): number {
  const top = readCount(url, "$top") ?? fallback;
  if (top < 1 || top > most)
    throw badQuery(`Invalid page size specified: '${top}'. Must be between 1 and ${most} inclusive.`);
  return top;
}

/** An option that is a number, from 0 on. Throws 400 on anything else. */
export function readCount(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badQuery(`Invalid value '${text}' for the query option ${name}.`);
  return Number(text);
}

/** `$count`. Throws 400 on what is neither true nor false. */
export function readWhetherCount(url: URL): boolean {
  const text = url.searchParams.get("$count") ?? "false";
  if (text !== "true" && text !== "false") throw badQuery(`Invalid value '${text}' for $count.`);
  return text === "true";
}

/** The names of `$select`, or undefined without one. Throws 400 on a name that is not among the known. */
export function readSelect(
  url: URL,
  { known, type }: { known: readonly string[]; type: string },
): string[] | undefined {
  const text = url.searchParams.get("$select");
  if (text === null) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw badQuery(
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`,
    );
  return names;
}

/** What stands in `$skiptoken`, or undefined without one. Throws 400 unless `is` knows it for its own. */
export function readSkipToken<T>(url: URL, is: (value: unknown) => value is T): T | undefined {
  const text = url.searchParams.get("$skiptoken");
  if (text === null) return undefined;
  const value = unpack(text);
  if (!is(value)) throw badQuery("Skip token is malformed.");
  return value;
}

/** The address of the next page. */
export function nextPage(url: URL, token: unknown): string {
  const link = new URL(url);
  link.searchParams.set("$skiptoken", pack(token));
  return link.href.replaceAll("%24", "$");
}
