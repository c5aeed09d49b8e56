/** A directory's own database in a test, pages of Graph, and what a page cost. */
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import type { ResourceName } from "../../src/directory/resources.ts";
import { openSql, type Sql, type SqlValue } from "../../src/directory/store/sql.ts";
import type { PageResult, Removable } from "../../src/directory/write/page.ts";
import { applyStaged, clearMarks, stageUnseen } from "../../src/directory/write/removal.ts";
import { WRITERS } from "../../src/directory/write/writers.ts";

/** A database whose writes are counted as Cloudflare bills them. */
export interface Counted extends Sql {
  rowsWritten(): number;
}

/** How a page is read; `now` in ms. */
export interface How {
  readonly now?: number;
  readonly full?: boolean;
  readonly history?: boolean;
}

/** Runs `act` in the object of a name that no other test uses. */
export function inDirectory<T>(act: (sql: Counted) => T | Promise<T>): Promise<T> {
  return runInDurableObject(env.TENANT_DIRECTORY.getByName(crypto.randomUUID()), (_, state) =>
    act(counted(state.storage)),
  );
}

/** Writes one page of a resource, as the engine does: in a transaction. */
export function write(sql: Sql, resource: ResourceName, items: readonly unknown[], how: How = {}): PageResult {
  const { now = 1_000, full = false, history = true } = how;
  return sql.transaction(() => WRITERS[resource](sql, { items, now, full, history }));
}

/** A whole round: its pages, and what its end removes. */
export function round(
  sql: Sql,
  resource: ResourceName,
  pages: readonly (readonly unknown[])[],
  { full = true, now = 1_000, history = true }: How = {},
): void {
  const kinds = KINDS[resource] ?? [];
  if (full) for (const kind of kinds) clearMarks(sql, kind);
  for (const items of pages) write(sql, resource, items, { full, now, history });
  if (full) for (const kind of kinds) stageUnseen(sql, kind);
  if (full) for (const kind of kinds) clearMarks(sql, kind);
  for (const kind of kinds) applyAll(sql, kind, { now, history });
}

const KINDS: Partial<Record<ResourceName, readonly Removable[]>> = {
  users: ["users"],
  groups: ["groups", "members"],
  devices: ["devices"],
  managed_devices: ["managed_devices"],
};

/** Removes all that is staged of a kind; gives how many. */
export function applyAll(sql: Sql, kind: Removable, { now = 1_000, history = true, limit = 1_000 } = {}): number {
  for (let removed = 0; ;) {
    const part = sql.transaction(() => applyStaged(sql, kind, { now, history, limit }));
    removed += part.removed;
    if (!part.left) return removed;
  }
}

/** The row of an object by Graph's id; undefined where it has none. */
export function rowOf(sql: Sql, table: "users" | "groups" | "devices", id: string) {
  return sql.first<Record<string, SqlValue>>(
    `SELECT t.* FROM ${table} AS t JOIN nodes ON nodes.n = t.n WHERE nodes.id = ?`,
    id,
  );
}

/** The id of a node. */
export function idOfNode(sql: Sql, n: SqlValue | undefined): string | undefined {
  return sql.first<{ id: string }>("SELECT id FROM nodes WHERE n = ?", n ?? null)?.id;
}

/** Stored edges as "group role member". */
export function edgesOf(sql: Sql): string[] {
  return sql
    .all<{ edge: string }>(
      `SELECT g.id || ' ' || iif(role = 1, 'member', 'owner') || ' ' || m.id AS edge FROM edges
       JOIN nodes AS g ON g.n = group_n JOIN nodes AS m ON m.n = member_n ORDER BY 1`,
    )
    .map(({ edge }) => edge);
}

/** The history of an object, oldest first. */
export function historyOf(sql: Sql, id: string) {
  return sql
    .all<{ kind: string; what: string; diff: string | null }>(
      "SELECT kind, what, diff FROM changes WHERE n = (SELECT n FROM nodes WHERE id = ?) ORDER BY c",
      id,
    )
    .map(({ kind, what, diff }) => ({ kind, what, diff: diff === null ? null : (JSON.parse(diff) as unknown) }));
}

/** A tombstone. */
export function tombstone(id: string, reason: "changed" | "deleted" = "changed") {
  return { id, "@removed": { reason } };
}

/** An entry of a relation. */
export function entry(id: string, { type = "user", removed = false } = {}) {
  return { "@odata.type": `#microsoft.graph.${type}`, id, ...(removed && { "@removed": { reason: "deleted" } }) };
}

function counted(storage: DurableObjectStorage): Counted {
  const sql = openSql(storage);
  let rows = 0;
  const exec = (statement: string, params: readonly SqlValue[]) => {
    const cursor = storage.sql.exec(statement, ...params);
    const found = cursor.toArray();
    rows += cursor.rowsWritten;
    return found;
  };
  return {
    ...sql,
    // What is read are rows of the shape that the statement says, as in openSql.
    all: <T>(statement: string, ...params: readonly SqlValue[]) => exec(statement, params) as T[],
    first: <T>(statement: string, ...params: readonly SqlValue[]) => exec(statement, params)[0] as T | undefined,
    run: (statement, ...params) => void exec(statement, params),
    rowsWritten: () => rows,
  };
}
