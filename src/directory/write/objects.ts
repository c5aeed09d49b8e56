/**
 * Users and groups: a page of them is read with one query, worked through in its order in memory, compared with what
 * is stored, and only what is new or differs is written, one statement per kind of write.
 */
import type { Sql } from "../store/sql.ts";
import { openMarks, type Marks } from "../store/marks.ts";
import { allOver, differing, insertRows, updateRows, type Values } from "./bulk.ts";
import { type Change, diffOf, record } from "./history.ts";
import { openNodes, type Nodes } from "./nodes.ts";
import type { PageInput } from "./page.ts";
import { type Reason, stage, unstage } from "./staging.ts";
import { unlink } from "./unlink.ts";

/** An object as its item tells it. */
export interface Sighting {
  readonly id: string;
  /** Set for a tombstone. */
  readonly removed: "soft" | "hard" | undefined;
  /** The columns that the item tells. */
  readonly values: Values;
}

/** A kind of objects that have a table of their own. */
export interface ObjectKind<T extends Sighting> {
  readonly kind: "users" | "groups";
  /** One of NODE_TYPES. */
  readonly type: number;
  /** Columns that Graph's properties decide; all of them are null where a full reading first sees an object. */
  readonly columns: readonly string[];
  /** Columns in an index. */
  readonly indexed: ReadonlySet<string>;
  /** Ids that sightings refer to, read beside their own. */
  readonly refersTo: (sighting: T) => Iterable<string>;
  /** What follows from other columns; changes `values`, which already hold what the item tells. */
  readonly settle: (values: Values, sighting: T, nodes: Nodes) => void;
}

/** One object while its page is worked through. */
interface Draft {
  readonly n: number;
  readonly stored: Values | undefined;
  readonly values: Values;
  readonly wasStaged: Reason | null;
  staged: Reason | null;
  seen: boolean;
}

/** What became of the objects of a page. */
export interface WrittenObjects {
  readonly written: number;
  readonly staged: number;
}

const STATES = ["gone_at", "gone"];

/** Writes the objects of a page. `nodes` and `marks` are saved by it. Runs in the caller's transaction. */
export function writeObjects<T extends Sighting>(
  sql: Sql,
  page: PageInput,
  { kind, sightings }: { readonly kind: ObjectKind<T>; readonly sightings: readonly T[] },
): WrittenObjects {
  const nodes = openNodes(sql, idsOf(kind, sightings));
  const marks = openMarks(sql, kind.kind);
  const drafts = openDrafts(sql, kind, { sightings, nodes });
  for (const sighting of sightings) {
    const draft = drafts.get(sighting.id);
    if (!draft) continue;
    if (sighting.removed) bury(draft, sighting.removed);
    else see(draft, sighting, { kind, nodes, marks: page.full ? marks : undefined });
  }
  nodes.save();
  marks.save();
  const work = [...drafts.values()];
  const written = save(sql, page, { kind, drafts: work });
  return { written, staged: saveStaged(sql, kind.kind, work) };
}

function idsOf<T extends Sighting>(kind: ObjectKind<T>, sightings: readonly T[]): Set<string> {
  return new Set(sightings.flatMap((sighting) => [sighting.id, ...kind.refersTo(sighting)]));
}

/** Whatever is alive in the page gets a draft; so does a tombstone of what the copy knows. */
function openDrafts<T extends Sighting>(
  sql: Sql,
  kind: ObjectKind<T>,
  { sightings, nodes }: { readonly sightings: readonly T[]; readonly nodes: Nodes },
): Map<string, Draft> {
  const numbers = new Map<string, number>();
  for (const { id, removed } of sightings) {
    const n = removed ? nodes.find(id) : nodes.intern(id, kind.type);
    if (n !== undefined) numbers.set(id, n);
  }
  const known = [...numbers.values()].filter((n) => !nodes.isNew(n));
  const rows = allOver<Values & { n: number; staged: Reason | null }>(
    sql,
    `SELECT t.n, t.since, t.gone_at, t.gone, ${kind.columns.map((column) => `t.${column}`).join(", ")}, s.reason AS staged
     FROM json_each(?) AS i JOIN ${kind.kind} AS t ON t.n = i.value
     LEFT JOIN staged AS s ON s.kind = '${kind.kind}' AND s.n = t.n`,
    known,
  );
  const stored = new Map(rows.map((row) => [row.n, row]));
  return new Map([...numbers].map(([id, n]) => [id, draftOf(n, stored.get(n))]));
}

function draftOf(n: number, row: (Values & { staged: Reason | null }) | undefined): Draft {
  if (!row) return { n, stored: undefined, values: { n }, wasStaged: null, staged: null, seen: false };
  const { staged } = row;
  return { n, stored: row, values: { ...row }, wasStaged: staged, staged, seen: false };
}

function see<T extends Sighting>(
  draft: Draft,
  sighting: T,
  { kind, nodes, marks }: { readonly kind: ObjectKind<T>; readonly nodes: Nodes; readonly marks: Marks | undefined },
): void {
  const isFirst = marks !== undefined && !marks.has(draft.n);
  const { values } = draft;
  for (const column of kind.columns) {
    const told = sighting.values[column];
    if (told !== undefined) values[column] = told;
    else if (isFirst) values[column] = null;
  }
  values["gone_at"] = null;
  values["gone"] = null;
  if (isFirst) marks.put(draft.n, true);
  kind.settle(values, sighting, nodes);
  draft.seen = true;
  draft.staged = null;
}

/** A tombstone. What is hard stays hard until the object is seen again: then the other one is an older word. */
function bury(draft: Draft, reason: "soft" | "hard"): void {
  if (draft.staged !== "hard") draft.staged = reason;
}

function save<T extends Sighting>(
  sql: Sql,
  { now, history }: PageInput,
  { kind, drafts }: { readonly kind: ObjectKind<T>; readonly drafts: readonly Draft[] },
): number {
  const spec = { table: kind.kind, key: "n", columns: [...STATES, ...kind.columns], indexed: kind.indexed };
  const seen = drafts.filter((draft) => draft.seen);
  const added = seen.filter(({ stored }) => !stored);
  // A copy of each row would cost more than the statement.
  for (const { values } of added) values["since"] = now;
  const updates = seen.flatMap(({ stored, values }) => {
    const changed = stored ? differing(spec.columns, stored, values) : [];
    return stored && changed.length > 0 ? [{ stored, values, changed }] : [];
  });
  insertRows(
    sql,
    { ...spec, columns: ["n", "since", ...spec.columns] },
    added.map(({ values }) => values),
  );
  updateRows(sql, spec, updates);
  if (history) {
    record(sql, now, [
      ...added.map(({ n }): Change => ({ kind: kind.kind, n, what: "added", diff: null })),
      ...updates.map(({ stored, values, changed }): Change => ({
        kind: kind.kind,
        n: Number(values["n"]),
        what: stored["gone_at"] === null ? "changed" : "restored",
        diff: diffOf(changed, stored, values),
      })),
    ]);
  }
  return added.length + updates.length + saveGraves(sql, { now, history }, { kind, drafts });
}

/**
 * Tombstones of what is not there anyway wait for no gate. What had been removed so that it could return is removed for
 * good now. What is known as a member or manager alone gets a row that says it is gone.
 */
function saveGraves<T extends Sighting>(
  sql: Sql,
  { now, history }: Pick<PageInput, "now" | "history">,
  { kind, drafts }: { readonly kind: ObjectKind<T>; readonly drafts: readonly Draft[] },
): number {
  const graves = drafts.filter(isGrave);
  const unknown = graves.filter(({ stored }) => !stored);
  const hard = graves.filter(({ stored, staged }) => staged === "hard" && stored?.["gone"] !== "hard");
  for (const draft of graves) draft.staged = draft.wasStaged;
  insertRows(
    sql,
    { table: kind.kind, columns: ["n", "since", "gone_at", "gone"] },
    unknown.map((draft) => ({ n: draft.n, since: now, gone_at: now, gone: hard.includes(draft) ? "hard" : "soft" })),
  );
  const deepened = hard.flatMap(({ n, stored }) => (stored ? [{ n, stored }] : []));
  updateRows(
    sql,
    { table: kind.kind, key: "n", columns: ["gone"], indexed: new Set() },
    deepened.map(({ n }) => ({ values: { n, gone: "hard" }, changed: ["gone"] })),
  );
  if (history) {
    record(
      sql,
      now,
      deepened.map(({ n, stored }) => ({
        kind: kind.kind,
        n,
        what: "removed",
        diff: { gone: [stored["gone"] ?? null, "hard"] },
      })),
    );
  }
  unlink(sql, { numbers: hard.map(({ n }) => n), now, history, limit: MOST_LINKS });
  return unknown.length + deepened.length;
}

/** What is left of the links of what is gone for good goes when the copy is tidied. */
const MOST_LINKS = 20_000;

function isGrave({ seen, stored, staged }: Draft): boolean {
  return !seen && staged !== null && (!stored || stored["gone_at"] !== null);
}

function saveStaged(sql: Sql, kind: "users" | "groups", drafts: readonly Draft[]): number {
  const changed = drafts.filter(({ staged, wasStaged }) => staged !== wasStaged);
  const staged = changed.flatMap(({ n, staged: reason }) => (reason ? [[n, reason] as const] : []));
  stage(sql, kind, staged);
  unstage(
    sql,
    kind,
    changed.filter(({ staged: reason }) => !reason).map(({ n }) => n),
  );
  return staged.length;
}
