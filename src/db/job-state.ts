/** What a job remembers from one tick to the next. */
import { eq } from "drizzle-orm";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

/** A job's memory. */
export interface JobState {
  get(name: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  put(name: string, value: Readonly<Record<string, unknown>>, now: number): Promise<void>;
}

/** Binds the memory to one system's table. */
export function jobState(db: Database, { jobState: table }: Tables): JobState {
  return {
    async get(name) {
      const [row] = await db.select({ value: table.value }).from(table).where(eq(table.name, name));
      return row?.value;
    },
    async put(name, value, updatedAt) {
      const row = { name, value, updatedAt };
      await db.insert(table).values(row).onConflictDoUpdate({ target: table.name, set: { value, updatedAt } });
    },
  };
}
