/** What the tests of reading share: questions as a URL asks them, and walks over all pages of a list. */
import { GROUPS_OF_A_USER, MEMBERS } from "../../src/directory/read/object-listings.ts";
import { LISTINGS } from "../../src/directory/read/listings.ts";
import { parseChanges } from "../../src/directory/read/parse-others.ts";
import { parseList } from "../../src/directory/read/parse.ts";
import type { LogList, ObjectList, Place, Question } from "../../src/directory/read/question.ts";
import { answer } from "../../src/directory/read/read.ts";
import type { Sql } from "../../src/directory/store/sql.ts";
import { unwrap } from "../../src/lib/errors.ts";
import { SEEDED_UNTIL } from "./seed.ts";

/** A row of an answer. */
export type Shown = Readonly<Record<string, unknown>>;

/** A page of an answer. */
export interface Page {
  readonly rows: readonly Shown[];
  readonly next?: Place;
  readonly count?: number;
}

/** Reads one page of a list, such as `users?department=Sales`. `now` in ms. */
export function ask(sql: Sql, url: string, { after, now = SEEDED_UNTIL }: { after?: Place; now?: number } = {}): Page {
  const found = unwrap(answer(sql, questionOf(url, { after, now })));
  return { ...found, rows: found.rows.map((row) => JSON.parse(row) as Shown) };
}

/** Reads all pages of a list; `between` happens before each page but the first. */
export function walk(
  sql: Sql,
  url: string,
  { limit = 100, between, now }: { limit?: number; between?: () => void; now?: number } = {},
): Shown[] {
  const rows: Shown[] = [];
  const paged = `${url}${url.includes("?") ? "&" : "?"}limit=${limit}`;
  let after: Place | undefined;
  do {
    if (after) between?.();
    const page = ask(sql, paged, { ...(after && { after }), ...(now !== undefined && { now }) });
    rows.push(...page.rows);
    after = page.next;
  } while (after);
  return rows;
}

/** The ids of rows, in their order. */
export function idsOf(rows: readonly Shown[]): string[] {
  return rows.map(({ id }) => String(id));
}

const OBJECTS = new Set(["users", "groups", "devices"]);

/** A URL's path below the surface as a question. */
function questionOf(url: string, place: { after: Place | undefined; now: number }): Question {
  const { pathname, searchParams } = new URL(url, "https://latchkey.test");
  const parameters = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  const [list = "", id = "", part] = pathname.slice(1).split("/").map(decodeURIComponent);
  if (list === "insights") return { ask: "insights", days: 30, now: place.now };
  if (list === "changes") return { ask: "changes", ...parseChanges(parameters).asked, ...place };
  if (part === "members" || part === "owners") {
    const role = part === "members" ? "member" : "owner";
    const taken = { listing: MEMBERS, hasHistory: true, canNest: true, sorts: ["name"] };
    const { asked, transitive } = parseList(parameters, taken);
    return { ask: "members", group: id, role, transitive, ...asked, ...place };
  }
  if (part === "groups") {
    const taken = { listing: GROUPS_OF_A_USER, hasHistory: true, canNest: true };
    const { asked, transitive } = parseList(parameters, taken);
    return { ask: "objects", list: "groups", memberOf: { user: id, transitive }, ...asked, ...place };
  }
  const name = (list === "audit" ? LOGS[id] : list) as ObjectList & LogList;
  const { asked } = parseList(parameters, { listing: LISTINGS[name], hasHistory: OBJECTS.has(name) });
  return OBJECTS.has(name)
    ? { ask: "objects", list: name, ...asked, ...place }
    : { ask: "log", list: name, ...asked, ...place };
}

const LOGS: Readonly<Record<string, string>> = {
  "sign-ins": "sign_ins",
  directory: "directory_audits",
  alerts: "alerts",
};
