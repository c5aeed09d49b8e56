/** What could not be read or written is kept by its name, so that somebody can look. */
import type { Sql } from "../store/sql.ts";
import type { Task } from "./records.ts";

/** One thing that was set aside. */
export interface SetAside {
  readonly id: string | undefined;
  readonly reason: string;
}

const MOST_PER_TASK = 1_000;

/** Records what was set aside of a task; beyond a thousand of a task only their number is kept. */
export function setAside(
  sql: Sql,
  { r, resource, setAside: before }: Task,
  { now, items }: { readonly now: number; readonly items: readonly SetAside[] },
): void {
  for (const { id, reason } of items.slice(0, Math.max(0, MOST_PER_TASK - before))) {
    sql.run(
      "INSERT INTO set_aside (run, resource, at, id, reason) VALUES (?, ?, ?, ?, ?)",
      String(r),
      resource,
      now,
      id ?? null,
      reason.slice(0, 300),
    );
  }
}

/** What was set aside of a run, oldest first. */
export function listSetAside(
  sql: Sql,
  r: number,
  limit: number,
): { resource: string; id: string | null; reason: string }[] {
  return sql.all<{ resource: string; id: string | null; reason: string }>(
    "SELECT resource, id, reason FROM set_aside WHERE run = ? ORDER BY a LIMIT ?",
    String(r),
    limit,
  );
}
