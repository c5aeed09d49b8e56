/** What may be asked of the copy and what is answered: plain data, because both cross RPC. Times in ms since the epoch. */
import type { SqlValue } from "../store/sql.ts";
import type { TableField } from "./cells.ts";

/** A value of an answer, as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One row of an answer: its fields in their order. */
export type ShownRow = Readonly<Record<string, Json>>;

/** Lists of objects, which have a history. */
export const OBJECT_LISTS = ["users", "groups", "devices"] as const;

/** Lists of what happened. */
export const LOG_LISTS = ["sign_ins", "directory_audits", "alerts"] as const;

/** A list of objects. */
export type ObjectList = (typeof OBJECT_LISTS)[number];

/** A list of what happened. */
export type LogList = (typeof LOG_LISTS)[number];

/** A place in a list: the value that it is sorted by, and the number of the row that was shown last. */
export interface Place {
  readonly sorted: string | number | null;
  readonly n: number;
}

/** One condition. `any`: the field has one of the values, null: it has none. Others are named in the list's own table. */
export interface Filter {
  readonly field: string;
  readonly test: "any" | "before" | "after" | "special";
  readonly values: readonly (string | number | boolean | null)[];
}

/** Which page of a list. */
export interface Paging {
  readonly limit: number;
  readonly after: Place | undefined;
  /** True: all rows are counted, not only those of the page. */
  readonly count: boolean;
  /** Now, as the first page of the walk saw it: what counts in days must not move while pages are turned. */
  readonly now: number;
}

/** What any list is asked. */
export interface ListAsked extends Paging {
  readonly filters: readonly Filter[];
  /** What a name or an address begins with. */
  readonly search: string | undefined;
  readonly sort: { readonly field: string | undefined; readonly descending: boolean };
  readonly fields: readonly string[];
  /** The time as of which it is asked; undefined: now. */
  readonly asOf: number | undefined;
}

/** The members or owners of a group. */
export interface MembersAsked extends ListAsked {
  readonly group: string;
  readonly role: "member" | "owner";
  readonly transitive: boolean;
}

/** What has changed, from `from` on and before `to`. */
export interface ChangesAsked extends Paging {
  readonly kinds: readonly string[] | undefined;
  readonly what: readonly string[] | undefined;
  readonly id: string | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly descending: boolean;
}

/** One question. `table`: its rows are wanted as lines of that table rather than as JSON. */
export type Question = Asked & { readonly table?: readonly TableField[] };

type Asked =
  | ({ readonly ask: "objects"; readonly list: ObjectList; readonly memberOf?: MemberOf } & ListAsked)
  | {
      readonly ask: "object";
      readonly list: ObjectList;
      readonly id: string;
      readonly fields: readonly string[];
      readonly asOf: number | undefined;
      readonly now: number;
    }
  | ({ readonly ask: "members" } & MembersAsked)
  | ({ readonly ask: "log"; readonly list: LogList } & ListAsked)
  | ({ readonly ask: "changes" } & ChangesAsked)
  | { readonly ask: "insights"; readonly days: number; readonly now: number };

/** Only groups that this user is in. */
export interface MemberOf {
  readonly user: string;
  readonly transitive: boolean;
}

/** Rows that were found. `next`: where the following page begins; undefined on the last one. */
export interface Found {
  readonly rows: readonly ShownRow[];
  readonly next?: Place;
  readonly count?: number;
}

/** An answer. Each row is JSON already, or a line: it is written once, where it was read, and crosses RPC as one text. */
export interface Answer extends Omit<Found, "rows"> {
  readonly rows: readonly string[];
}

/** A row of the tables. */
export type Row = Readonly<Record<string, SqlValue>>;
