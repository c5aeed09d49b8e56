/** What the writing side of the copy is given and gives: a page of Graph, or some that follow each other, in the caller's transaction. */
import type { Sql } from "../store/sql.ts";

/** One page of a resource, or some of its pages in their order, as one. */
export interface PageInput {
  readonly items: readonly unknown[];
  /** ms since the epoch: what is written in this page happened now, as far as the history knows. */
  readonly now: number;
  /**
   * True in a reading of everything: what is seen is marked, and a property that is absent where an object is first
   * seen in the round is null. False where changes are followed: an absent property stays as it is.
   */
  readonly full: boolean;
  /** False while the kind is copied for the first time: nothing has changed then, so nothing goes into the history. */
  readonly history: boolean;
}

/** What became of a page. */
export interface PageResult {
  /** Objects in the page, tombstones included. */
  readonly seen: number;
  /** Objects, edges and log entries that were written because they are new or differ. */
  readonly written: number;
  /** Tombstones that were staged. */
  readonly staged: number;
  /** Items that could not be read; the rest of the page was written. `id` where one was found. */
  readonly setAside: readonly { readonly id: string | undefined; readonly reason: string }[];
}

/** Writes one page. Runs inside the caller's transaction; throws nothing for what Graph sent. */
export type PageWriter = (sql: Sql, page: PageInput) => PageResult;

/** What can be removed, each with its own gate. devices: Entra's part. managed_devices: Intune's. members: edges of groups. */
export const REMOVABLE = ["users", "groups", "devices", "managed_devices", "members"] as const;

/** One of {@link REMOVABLE}. */
export type Removable = (typeof REMOVABLE)[number];
