/** The D1 database as drizzle sees it. */
import { drizzle } from "drizzle-orm/d1";

/** Opens a D1 binding. */
export function openDatabase(binding: D1Database) {
  return drizzle(binding);
}

/** A drizzle database over D1. */
export type Database = ReturnType<typeof openDatabase>;
