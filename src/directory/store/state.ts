/** What the directory remembers beside its copy: per resource, and by name. */
import type { ResourceName } from "../resources.ts";
import type { Sql } from "./sql.ts";

/** What is known of a resource between runs. Times in ms since the epoch. */
export interface ResourceState {
  /** Where changes are followed from; null: everything has to be read. */
  readonly link: string | null;
  /** When the last round that was read to its end began. */
  readonly readAt: number | null;
  /** When the last reading of everything began. */
  readonly fullAt: number | null;
  /** When the last task began, however it ended. */
  readonly triedAt: number | null;
  /** Until when a log has been read without a gap. */
  readonly watermark: number | null;
  /** Since when the history of its kind is kept. */
  readonly history_from: number | null;
  /** When Graph refused it last, or was known to, ms: it is asked again a day later. */
  readonly refusedAt: number | null;
  /** How often in a row Graph has refused it. */
  readonly refusals: number;
  /** Since when something of it could not be read, ms; null once everything has been read again. */
  readonly damagedAt: number | null;
  /** Of groups: since when their owners are not told, ms, because Graph refused to; null once they are again. */
  readonly ownersUntoldAt: number | null;
  /** Rounds in a row in which a page had to be set aside. */
  readonly poisoned: number;
}

const UNREAD: ResourceState = {
  link: null,
  readAt: null,
  fullAt: null,
  triedAt: null,
  watermark: null,
  history_from: null,
  refusedAt: null,
  refusals: 0,
  damagedAt: null,
  ownersUntoldAt: null,
  poisoned: 0,
};

/** What is known of a resource. */
export function resourceState(sql: Sql, name: ResourceName): ResourceState {
  const row = sql.first<{ value: string }>("SELECT value FROM resources WHERE name = ?", name);
  return row ? { ...UNREAD, ...(JSON.parse(row.value) as Partial<ResourceState>) } : UNREAD;
}

/** Writes what has changed of it. */
export function changeResource(sql: Sql, name: ResourceName, change: Partial<ResourceState>): void {
  const value = JSON.stringify({ ...resourceState(sql, name), ...change });
  sql.run(
    "INSERT INTO resources (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    name,
    value,
  );
}

/** What was remembered under a name; whoever reads it knows its shape and checks it. */
export function readState(sql: Sql, name: string): unknown {
  const row = sql.first<{ value: string }>("SELECT value FROM state WHERE name = ?", name);
  return row && JSON.parse(row.value);
}

/** Remembers a value that JSON can hold. */
export function writeState(sql: Sql, name: string, value: unknown): void {
  sql.run(
    "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    name,
    JSON.stringify(value),
  );
}
