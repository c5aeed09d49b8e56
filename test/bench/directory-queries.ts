/** Every question that the lists take, timed inside the object. */
import { LISTINGS } from "../../src/directory/read/listings.ts";
import type { DirectoryWorker } from "./directory-world.ts";

/** One question. Times in ms. */
export interface QueryResult {
  readonly list: string;
  readonly kind: string;
  readonly path: string;
  /** The first answer: those that follow may be given from what it found. */
  readonly firstMs: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

/** Something to ask. */
interface Query {
  readonly list: string;
  readonly kind: string;
  readonly path: string;
}

type Row = Readonly<Record<string, unknown>>;

interface Page {
  readonly next_cursor: string | null;
  readonly [list: string]: unknown;
}

type Ask = (path: string) => Promise<Page>;

const BASE = "/v1/microsoft";
const TIMES = 7;
/** How deep a deep page lies: so many pages of a thousand rows come before it. */
const DEEP_PAGES = 20;

const PATHS = {
  users: "/users",
  groups: "/groups",
  devices: "/devices",
  sign_ins: "/audit/sign-ins",
  directory_audits: "/audit/directory",
  alerts: "/audit/alerts",
} as const;

type List = keyof typeof PATHS;

const LISTS = Object.keys(PATHS) as List[];
const OBJECTS: readonly List[] = ["users", "groups", "devices"];
const SORTED = new Set(["text", "number", "flag", "time"]);

/** Asks everything, each question some times, and tells how long the object took. `asOf`: when the first copy was there. */
export async function askEverything(worker: DirectoryWorker, org: string, asOf: string): Promise<QueryResult[]> {
  const ask: Ask = (path) => worker.ask<Page>(org, `${BASE}${path}`);
  const queries: Query[] = [];
  for (const list of LISTS) queries.push(...(await queriesOf(ask, list, asOf)));
  queries.push(...(await relatedQueries(ask, asOf)), ...OTHERS);
  const results: QueryResult[] = [];
  await worker.report(org);
  for (const query of queries) {
    await ask(query.path);
    const [firstMs = Number.NaN] = (await worker.report(org)).answersMs;
    for (let time = 0; time < TIMES; time += 1) await ask(query.path);
    const { answersMs } = await worker.report(org);
    const sorted = answersMs.toSorted((a, b) => a - b);
    const medianMs = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    results.push({ ...query, firstMs, medianMs, worstMs: sorted.at(-1) ?? Number.NaN });
  }
  return results;
}

const OTHERS: readonly Query[] = [
  { list: "insights", kind: "all", path: "/insights" },
  { list: "changes", kind: "first page", path: "/changes" },
  { list: "changes", kind: "first page", path: "/changes?kind=users&limit=1000" },
];

async function queriesOf(ask: Ask, list: List, asOf: string): Promise<Query[]> {
  const path = PATHS[list];
  const rows = (await ask(`${path}?limit=1000`))[list] as readonly Row[];
  const name = String(rows[Math.floor(rows.length / 2)]?.["name"] ?? rows[0]?.["user"] ?? "a");
  const prefix = encodeURIComponent(name.slice(0, 3));
  const made = (kind: string, ...queries: string[]) =>
    queries.map((query) => ({ list, kind, path: query === "" ? path : `${path}?${query}` }));
  const filters = filtersOf(list, rows);
  const past = `as_of=${encodeURIComponent(asOf)}`;
  return [
    ...made("first page", "", "limit=1000"),
    ...(await deep(ask, list, "")),
    ...made("sort, first page", ...sortsOf(list).map((sort) => `sort=${sort}`)),
    ...(await Promise.all(sortsOf(list).map((sort) => deep(ask, list, `sort=${sort}`)))).flat(),
    ...made("filter", ...filters),
    ...made("filter that finds nothing", ...emptyFiltersOf(list)),
    ...made("search", `q=${prefix}`, "q=zzzzz", `q=${prefix}&sort=-${sortsOf(list)[0] ?? ""}`),
    ...made(
      "count",
      "count=true",
      ...filters.slice(0, 10).map((filter) => `${filter}&count=true`),
      `q=${prefix}&count=true`,
    ),
    ...(OBJECTS.includes(list)
      ? made(
          "as_of",
          past,
          `${past}&count=true`,
          `${past}&q=${prefix}`,
          `${past}&sort=-created_at`.replace("created_at", list === "devices" ? "enrolled_at" : "created_at"),
        )
      : []),
  ];
}

async function deep(ask: Ask, list: List, query: string): Promise<Query[]> {
  const path = PATHS[list];
  let cursor: string | null = null;
  for (let page = 0; page < DEEP_PAGES; page += 1) {
    const at: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { next_cursor: next } = await ask(`${path}?${query === "" ? "" : `${query}&`}limit=1000&fields=id${at}`);
    if (next === null) break;
    cursor = next;
  }
  if (cursor === null) return [];
  const kind = query === "" ? "deep page" : "sort, deep page";
  return [{ list, kind, path: `${path}?${query === "" ? "" : `${query}&`}cursor=${encodeURIComponent(cursor)}` }];
}

function sortsOf(list: List): string[] {
  const names = OBJECTS.includes(list)
    ? Object.entries(LISTINGS[list].fields).flatMap(([name, { kind }]) => (SORTED.has(kind) ? [name] : []))
    : ["at"];
  return names.flatMap((name) => [name, `-${name}`]);
}

/** Every field with a value that some row has, and every filter of the list's own. */
function filtersOf(list: List, rows: readonly Row[]): string[] {
  const value = (name: string) => rows.map((row) => row[name]).find((found) => found !== null && found !== undefined);
  const own = Object.entries(LISTINGS[list].fields).flatMap(([name, { kind }]) => {
    const found = value(name);
    if (typeof found === "object" || found === undefined) return [];
    const text = encodeURIComponent(String(found));
    if (kind === "time") return [`${name}_before=${text}`, `${name}_after=${text}`];
    return kind === "text" || kind === "number" || kind === "flag" || kind === "present" ? [`${name}=${text}`] : [];
  });
  return [...own, ...(OWN_FILTERS[list] ?? [])];
}

function emptyFiltersOf(list: List): string[] {
  return Object.entries(LISTINGS[list].fields).flatMap(([name, { kind, hidden }]) =>
    kind === "text" && hidden !== true ? [`${name}=no-such-thing`] : [],
  );
}

const OWN_FILTERS: Partial<Record<List, readonly string[]>> = {
  users: [
    "licence=SPE_E3",
    "manager=",
    "inactive_days=30",
    "never_signed_in=true",
    "has_devices=true",
    "has_devices=false",
    "type=guest&enabled=true&sort=-created_at",
  ],
  devices: ["managed=false", "managed=true&compliance=noncompliant&sort=-last_sync_at"],
  sign_ins: ["result=failure"],
};

/** Of the largest group and of somebody in it. */
async function relatedQueries(ask: Ask, asOf: string): Promise<Query[]> {
  const groups = (await ask("/groups?limit=1000&fields=id"))["groups"] as readonly { readonly id: string }[];
  const sizes = await Promise.all(
    groups
      .slice(0, 200)
      .map(async ({ id }) => ({ id, count: Number((await ask(`/groups/${id}/members?limit=1&count=true`))["count"]) })),
  );
  const largest = sizes.toSorted((a, b) => b.count - a.count)[0]?.id ?? "";
  const [member] = (await ask(`/groups/${largest}/members?limit=1&type=user`))["members"] as readonly {
    readonly id: string;
  }[];
  const members = `/groups/${largest}/members`;
  const of = (list: string, kind: string, path: string): Query => ({ list, kind, path });
  return [
    of("members", "first page", members),
    of("members", "count", `${members}?count=true`),
    of("members", "search", `${members}?q=a`),
    of("members", "as_of", `${members}?as_of=${encodeURIComponent(asOf)}`),
    of("members", "transitive", `${members}?transitive=true`),
    of("members", "transitive", `${members}?transitive=true&limit=1000&count=true`),
    of("members", "transitive", `${members}?transitive=true&type=user&q=a`),
    of("users of a group", "filter", `/users?group=${largest}`),
    of("groups of a user", "first page", `/users/${member?.id ?? ""}/groups`),
    of("groups of a user", "transitive", `/users/${member?.id ?? ""}/groups?transitive=true`),
    of("one user", "first page", `/users/${member?.id ?? ""}`),
    of("users of a manager", "filter", `/users?manager=${member?.id ?? ""}`),
    of("devices of a user", "filter", `/devices?user=${member?.id ?? ""}`),
  ];
}
