/** Errors in few words, for records that people read. */

const MOST_CHARACTERS = 200;

/** What an error says of itself, without a stack. */
export function describe(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, MOST_CHARACTERS);
}
