import { invalid } from "./input.ts";

const MOST = 100;

/** Which part of a list is asked for. */
export interface Paging {
  start_cursor?: string | null | undefined;
  page_size?: number | undefined;
}

/** One page of a list of `type`. A cursor is the id that the page begins with. Throws validation_error. */
export function listAnswer<T extends { id: string }>(type: string, all: readonly T[], paging: Paging) {
  const { start_cursor: cursor = null, page_size: size = MOST } = paging;
  if (!Number.isInteger(size) || size < 1 || size > MOST)
    throw invalid(
      `body failed validation: body.page_size should be ≥ \`1\` and ≤ \`${MOST}\`, instead was \`${size}\`.`,
    );
  const from = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor);
  if (from < 0) throw invalid(`The start_cursor provided is invalid: ${cursor}.`);
  const next = all[from + size];
  return {
    object: "list",
    results: all.slice(from, from + size),
    has_more: next !== undefined,
    next_cursor: next?.id ?? null,
    type,
    [type]: {},
  };
}

/** The paging that a query asks for. */
export function pagingOf(query: Record<string, string>): Paging {
  const { start_cursor: cursor, page_size: size } = query;
  return { start_cursor: cursor, page_size: size === undefined ? undefined : Number(size) };
}
