/** What a list is described by. No I/O. */

/** How a field is stored and shown. user: the node of a user. recorded: who it was when it was written down. */
export type FieldKind =
  | "id"
  | "text"
  | "number"
  | "flag"
  | "time"
  | "list"
  | "json"
  | "licences"
  | "user"
  | "recorded"
  | "present"
  | "edge";

/** One field. */
export interface Field {
  readonly kind: FieldKind;
  /** Its column; the field's own name where nothing is said. */
  readonly column?: string;
  /** True where the history does not have it. */
  readonly unrecorded?: true;
  /** True where it is a filter alone. */
  readonly hidden?: true;
  /** With `recorded`: true where no address was written down. */
  readonly nameOnly?: true;
}

/** A condition of its own, and what its value is. */
export interface Special {
  readonly value: "id" | "text" | "flag" | "days" | readonly string[];
  /** True where only the present can be asked. */
  readonly presentOnly?: true;
}

/** One list. */
export interface Listing {
  readonly fields: Readonly<Record<string, Field>>;
  readonly specials: Readonly<Record<string, Special>>;
  /** Columns whose beginnings `q` is compared with. */
  readonly search: readonly string[];
  /** Indexes by the column that they are sorted by. */
  readonly indexes: Readonly<Record<string, string>>;
  /** The field that it is sorted by where nothing is said; with a minus: the greatest first. */
  readonly sort: string;
}

/** A text. */
export const TEXT: Field = { kind: "text" };
/** A number. */
export const NUMBER: Field = { kind: "number" };
/** A yes or no. */
export const FLAG: Field = { kind: "flag" };
/** A time. */
export const TIME: Field = { kind: "time" };
/** A list of texts. */
export const LIST: Field = { kind: "list" };
/** The id that Graph knows it by. */
export const ID: Field = { kind: "id" };
