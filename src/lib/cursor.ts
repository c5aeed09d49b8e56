/** Cursors of lists that are kept here: a place in the list, opaque to callers and worth nothing elsewhere. */
import { base64url } from "jose";
import * as z from "zod";
import { type Failure, failure } from "./errors.ts";
import { parseJson } from "./json.ts";

const Packed = z.strictObject({ list: z.string(), place: z.unknown() });

/** The cursor that leads to `place` in the list of that name. */
export function packCursor(list: string, place: Readonly<Record<string, unknown>>): string {
  return base64url.encode(JSON.stringify({ list, place }));
}

/** The place that a cursor leads to. Failure: `validation_failed` where it is no cursor, or another list's. */
export function unpackCursor<T extends z.ZodType>(list: string, place: T, cursor: string): z.infer<T> {
  const packed = Packed.safeParse(parseJson(decoded(cursor)));
  const read = packed.data?.list === list ? place.safeParse(packed.data.place) : undefined;
  if (read?.success) return read.data;
  throw cursorRefused("expected a next_cursor of this list", packed.error ?? read?.error);
}

function decoded(cursor: string): string {
  try {
    return new TextDecoder().decode(base64url.decode(cursor));
  } catch {
    return "";
  }
}

/** The failure of a cursor that cannot be used. */
export function cursorRefused(message: string, cause?: unknown): Failure {
  return failure("validation_failed", "The cursor is not valid here.", {
    extra: { errors: [{ path: "cursor", message }] },
    cause,
  });
}
