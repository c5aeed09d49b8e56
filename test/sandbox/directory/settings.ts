import * as z from "zod";

/** The knobs that change how the directory behaves. */
export const directorySettings = {
  /** Objects of a page of delta, and of a list that says no `$top`. */
  directory_page_size: z.number().int().positive().max(999).default(100),
  /** Links (members and owners) of a page of `/groups/delta`; a group with more goes on, on the next page. */
  directory_member_slice: z.number().int().positive().default(200),
  /** Whether a first round also tells of what was deleted before it. */
  directory_initial_removed: z.boolean().default(false),
  /** Whether deleting a user also tells each group of it, and each report. */
  directory_tombstone_members: z.boolean().default(false),
  /** links: a restored object's groups and reports are told of it, a restored group brings its members. silent: not. */
  directory_restore_members: z.enum(["links", "silent"]).default("links"),
  /** Every so many-th object comes again later in a round and once more in the next; 0 is never. */
  directory_replays: z.number().int().nonnegative().default(0),
  /** Whether the objects of a round come in no order. */
  directory_shuffle: z.boolean().default(false),
  /** Every so many-th page of a round is empty; 0 is never, and 1 would have no end. */
  directory_empty_pages: z
    .number()
    .int()
    .nonnegative()
    .refine((every) => every !== 1, "directory_empty_pages cannot be 1: a round would have no end")
    .default(0),
  /** How delta answers to a link that is too old. */
  directory_gone_form: z
    .enum(["location", "sync_state_not_found", "resync_required", "bad_token", "40x"])
    .default("location"),
  /** The largest `$top` of a list of users that selects signInActivity. */
  sign_in_activity_top: z.number().int().positive().max(999).default(120),
};
