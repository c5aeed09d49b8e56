/**
 * Cursors. Graph's nextLink is opaque, so it is kept whole and not taken apart; but whoever could write one would
 * choose where the user's token is sent. So a cursor is sealed for its owner, and a link is checked again when it comes
 * back: by the client, that it stays below Graph's version root, and here, that it goes on with the same list. Graph's
 * link says nothing of whose mailbox it is of: the cursor names the connection, which another account may have followed.
 */
import * as z from "zod";
import { cursorRefused } from "../lib/cursor.ts";
import { Failure } from "../lib/errors.ts";
import { ConnectionId } from "../lib/ids.ts";
import { parseJson } from "../lib/json.ts";
import type { ListQuery } from "./list-query.ts";

/** Seals a text so that only the same system and owner can open it, and only for this purpose. */
export interface CursorSeal {
  seal(plain: string): Promise<string>;
  /** Throws a Failure on anything that `seal` did not make for the same place. */
  open(sealed: string): Promise<string>;
}

/** What a cursor goes on with: the query without the cursor. */
export type ListedQuery = Omit<ListQuery, "cursor">;

const Sealed = z.object({
  link: z.string(),
  connection: ConnectionId,
  query: z.object({
    from: z.number().optional(),
    to: z.number().optional(),
    limit: z.number().optional(),
    time_zone: z.string().optional(),
    q: z.string().optional(),
    calendar_id: z.string().optional(),
  }),
});

/** Where a cursor leads: to the page behind `link`, in the mailbox of `connection`. */
export interface CursorTarget {
  readonly link: string;
  readonly query: ListedQuery;
  readonly connection: ConnectionId;
}

/** The cursor that leads to `target`. */
export function writeCursor(seal: CursorSeal, { link, query, connection }: CursorTarget): Promise<string> {
  return seal.seal(JSON.stringify({ link, query, connection }));
}

/** Where a cursor leads. Failure: `validation_failed` where it is forged, foreign or of another list. */
export async function readCursor(
  seal: CursorSeal,
  { cursor, ...given }: ListQuery & { cursor: string },
): Promise<CursorTarget> {
  const { data } = Sealed.safeParse(parseJson(await openOrRefuse(seal, cursor)));
  if (data === undefined) throw cursorRefused("expected a next_cursor of this list");
  const { link, query, connection } = data;
  const kept = new Map<string, unknown>(Object.entries(query));
  const changed = Object.entries(given).find(([name, value]) => value !== undefined && value !== kept.get(name));
  if (changed !== undefined) throw cursorRefused(`expected the ${changed[0]} that the list began with, or none`);
  // Graph writes its links in the letter case that it likes.
  const collection = query.from === undefined ? "events" : "calendarview";
  if (!URL.parse(link)?.pathname.toLowerCase().endsWith(`/${collection}`))
    throw cursorRefused("expected another list's cursor");
  return { link, query, connection };
}

async function openOrRefuse(seal: CursorSeal, cursor: string): Promise<string> {
  try {
    return await seal.open(cursor);
  } catch (error) {
    if (error instanceof Failure) throw cursorRefused("expected a next_cursor of this list", error);
    throw error;
  }
}
