/**
 * What a reading of everything has seen so far: a bit per row, 8,192 of them in one stored row, so that reading 700,000
 * things again that have not changed writes some hundred rows. Stored in the table `marks` by the name of what is seen.
 */
import type { Sql } from "./sql.ts";

const CHUNK_BITS = 8192;
const CHUNK_BYTES = CHUNK_BITS / 8;

/** The marks of one name, as one page works on them. */
export interface Marks {
  has(n: number): boolean;
  /** Sets or clears the mark of `n`. Written by `save`. */
  put(n: number, seen: boolean): void;
  /** Writes the chunks that differ, in one statement. */
  save(): void;
}

interface Chunk {
  readonly bits: Uint8Array;
  changed: boolean;
}

/** Opens the marks of `name`; a chunk is read when it is first asked for. */
export function openMarks(sql: Sql, name: string): Marks {
  const chunks = new Map<number, Chunk>();
  const chunkOf = (n: number): Chunk => {
    const at = Math.floor(n / CHUNK_BITS);
    const known = chunks.get(at);
    if (known) return known;
    const chunk = { bits: storedBits(sql, name, at) ?? new Uint8Array(CHUNK_BYTES), changed: false };
    chunks.set(at, chunk);
    return chunk;
  };
  return {
    has: (n) => isSet(chunkOf(n).bits, n % CHUNK_BITS),
    put: (n, seen) => {
      const chunk = chunkOf(n);
      if (isSet(chunk.bits, n % CHUNK_BITS) === seen) return;
      const byte = (n % CHUNK_BITS) >> 3;
      chunk.bits[byte] = (chunk.bits[byte] ?? 0) ^ (1 << (n & 7));
      chunk.changed = true;
    },
    save: () => save(sql, name, chunks),
  };
}

/** Gives every number from 1 to `last` that is not marked to `visit`, a chunk at a time. */
export function visitUnmarked(
  sql: Sql,
  name: string,
  { last, visit }: { readonly last: number; readonly visit: (numbers: readonly number[]) => void },
): void {
  for (let at = 0; at * CHUNK_BITS <= last; at += 1) {
    const bits = storedBits(sql, name, at);
    const numbers: number[] = [];
    for (let bit = at === 0 ? 1 : 0; bit < CHUNK_BITS && at * CHUNK_BITS + bit <= last; bit += 1) {
      if (!bits || !isSet(bits, bit)) numbers.push(at * CHUNK_BITS + bit);
    }
    if (numbers.length > 0) visit(numbers);
  }
}

/** Forgets all marks of `name`. */
export function forgetMarks(sql: Sql, name: string): void {
  sql.run("DELETE FROM marks WHERE name = ?", name);
}

function isSet(bits: Uint8Array, bit: number): boolean {
  return ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function storedBits(sql: Sql, name: string, chunk: number): Uint8Array | undefined {
  const row = sql.first<{ bits: ArrayBuffer }>("SELECT bits FROM marks WHERE name = ? AND chunk = ?", name, chunk);
  return row && new Uint8Array(row.bits);
}

function save(sql: Sql, name: string, chunks: ReadonlyMap<number, Chunk>): void {
  const rows = [...chunks].filter(([, { changed }]) => changed).map(([at, { bits }]) => [at, hex(bits)]);
  if (rows.length === 0) return;
  for (const [, chunk] of chunks) chunk.changed = false;
  sql.run(
    `INSERT INTO marks (name, chunk, bits) SELECT ?, value ->> 0, unhex(value ->> 1) FROM json_each(?) WHERE true
     ON CONFLICT (name, chunk) DO UPDATE SET bits = excluded.bits`,
    name,
    JSON.stringify(rows),
  );
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(bits: Uint8Array): string {
  let text = "";
  for (const byte of bits) text += HEX[byte];
  return text;
}
