/**
 * What the copy was asked at some time, and what it answered: the same must be its answer whenever it is asked as of
 * that time, whatever has happened since.
 */
import { LISTINGS } from "../../src/directory/read/listings.ts";
import { OBJECT_LISTS, type Question } from "../../src/directory/read/question.ts";
import { answer } from "../../src/directory/read/read.ts";
import type { Sql } from "../../src/directory/store/sql.ts";
import { resourceState } from "../../src/directory/store/state.ts";

/** Groups whose members are remembered. */
const MOST_GROUPS = 2;
/** Times that are remembered: to ask as of each takes as long as all the rest. */
const MOST_MOMENTS = 3;
const ALL_ROWS = 1_000;

type Asked = Question & { readonly asOf: number | undefined; readonly now: number };

interface Moment {
  readonly at: number;
  /** The last change that had been recorded. */
  readonly c: number;
  readonly answers: readonly { readonly question: Asked; readonly rows: readonly string[] }[];
}

/** See the head of this file. */
export class Memory {
  readonly #moments: Moment[] = [];

  /** Remembers how it is now. */
  keep(sql: Sql, now: number): void {
    if (this.#moments.length >= MOST_MOMENTS) return;
    // Before everything has been read once, there is no history.
    if (OBJECT_LISTS.some((list) => resourceState(sql, list).history_from === null)) return;
    const answers = questionsOf(sql, now).map((question) => ({ question, rows: rowsOf(sql, question) }));
    this.#moments.push({ at: now, c: lastChange(sql), answers });
  }

  /** Where the past is not what it was, in words. */
  apart(sql: Sql, now: number): string[] {
    return this.#moments.flatMap((moment) => {
      // What was written in the same millisecond counts as before.
      const same = sql.first("SELECT 1 FROM changes WHERE c > ? AND at <= ? LIMIT 1", moment.c, moment.at);
      return same ? [] : moment.answers.flatMap((one) => differences(sql, { ...one, at: moment.at, now }));
    });
  }

  forget(): void {
    this.#moments.length = 0;
  }
}

function questionsOf(sql: Sql, now: number): Asked[] {
  const sort = { field: undefined, descending: false };
  const usual = {
    filters: [],
    search: undefined,
    sort,
    limit: ALL_ROWS,
    after: undefined,
    count: false,
    asOf: undefined,
    now,
  };
  const groups = sql.all<{ id: string }>(
    "SELECT id FROM groups JOIN nodes USING (n) WHERE gone_at IS NULL ORDER BY n LIMIT ?",
    MOST_GROUPS,
  );
  return [
    ...OBJECT_LISTS.map((list): Asked => ({ ask: "objects", list, fields: recordedFields(list), ...usual })),
    ...groups.flatMap(({ id }) =>
      (["member", "owner"] as const).map((role): Asked => ({
        ask: "members",
        group: id,
        role,
        transitive: role === "member",
        fields: MEMBER_FIELDS,
        ...usual,
      })),
    ),
  ];
}

const MEMBER_FIELDS = ["id", "type", "direct"];

function recordedFields(list: (typeof OBJECT_LISTS)[number]): string[] {
  return Object.entries(LISTINGS[list].fields).flatMap(([name, { hidden, unrecorded }]) =>
    // Intune's record of a device that arrives in Entra gets the id that it has there.
    hidden || unrecorded || (list === "devices" && name === "id") ? [] : [name],
  );
}

function rowsOf(sql: Sql, question: Asked): readonly string[] {
  const result = answer(sql, question);
  return result.ok ? result.value.rows.map(withoutNames).toSorted() : [JSON.stringify(result.failure)];
}

/** What a product is called is not part of the history. */
function withoutNames(row: string): string {
  const { licences, ...rest } = JSON.parse(row) as { licences?: { id: string }[] };
  return JSON.stringify(licences ? { ...rest, licences: licences.map(({ id }) => id) } : rest);
}

function differences(
  sql: Sql,
  { question, rows, at, now }: { question: Asked; rows: readonly string[]; at: number; now: number },
): string[] {
  // A device has two sides, and its history begins with the later one.
  if (
    question.ask === "objects" &&
    question.list === "devices" &&
    Number(resourceState(sql, "managed_devices").history_from) > at
  )
    return [];
  const told = rowsOf(sql, { ...question, asOf: at, now });
  if (told.join("\n") === rows.join("\n")) return [];
  const what = question.ask === "members" ? `${question.role}s of ${question.group}` : question.ask;
  const lost = rows.filter((row) => !told.includes(row) && !isSecondRecord(question, row));
  const made = told.filter((row) => !rows.includes(row));
  if (lost.length + made.length === 0) return [];
  return [`as of ${new Date(at).toISOString()} ${what} differ: was ${String(lost[0])}, is told as ${String(made[0])}`];
}

/** A second record of a device in Intune has a row of its own until it is joined; then that row has never been. */
function isSecondRecord(question: Asked, row: string): boolean {
  if (question.ask !== "objects" || question.list !== "devices") return false;
  const { entra_id: entra, registration_id: registration } = JSON.parse(row) as Record<string, unknown>;
  return entra === null && registration === null;
}

function lastChange(sql: Sql): number {
  return sql.first<{ c: number | null }>("SELECT max(c) AS c FROM changes")?.c ?? 0;
}
