import { expect, test } from "vitest";
import { beginRun } from "../../src/directory/run/begin.ts";
import { listRuns, tasksOf } from "../../src/directory/run/records.ts";
import type { Sql } from "../../src/directory/store/sql.ts";
import { engine, type Graph, lastPage, refusal, ROOT } from "./engine.ts";
import { inDirectory } from "./writing.ts";

const HOUR_MS = 3_600_000;

const stored = (sql: Sql) => sql.first<{ count: number }>("SELECT count(*) AS count FROM users")?.count;

/** A user on each of so many pages. `meets` sees each page asked for. */
function paged(pages: number, meets: (page: number) => ReturnType<Graph> | undefined): Graph {
  return (url) => {
    if (url.pathname !== "/v1.0/users/delta" || url.searchParams.has("$deltatoken")) return lastPage(url);
    const page = Number(url.searchParams.get("$skiptoken") ?? 1);
    const users = [{ id: `u${page}`, displayName: `User ${page}` }];
    const next = { body: { value: users, "@odata.nextLink": `${ROOT}/users/delta?$skiptoken=${page + 1}` } };
    return meets(page) ?? (page < pages ? next : lastPage(url, users));
  };
}

function usersTask(sql: Sql) {
  return tasksOf(sql, listRuns(sql, { limit: 1 })[0]?.r ?? 0).find(({ resource }) => resource === "users");
}

test("pages are written ten at a time, and the one behind them is on its way before they are", () =>
  inDirectory(async (sql) => {
    const before: (number | undefined)[] = [];
    const graph = paged(12, (page) => {
      before[page] ??= stored(sql);
      return undefined;
    });
    const { directory, pass } = engine(sql, graph);
    beginRun(directory, { type: "users_only", cause: "request" });
    await pass(HOUR_MS);
    expect(before.slice(1)).toEqual([...Array.from({ length: 11 }, () => 0), 10]);
    expect(usersTask(sql)).toMatchObject({ state: "done", seen: 12, written: 12, pages: 13 });
  }));

test("what came before a page that fails is written, and the page is tried again by itself", () =>
  inDirectory(async (sql) => {
    const failing = new Set([3]);
    const { directory, pass } = engine(
      sql,
      paged(5, (page) => (failing.has(page) ? refusal(500, "generalException") : undefined)),
    );
    beginRun(directory, { type: "users_only", cause: "request" });
    await pass(1_000);
    expect(stored(sql)).toBe(2);
    expect(usersTask(sql)).toMatchObject({ pages: 2, state: "open" });
    failing.clear();
    await pass(HOUR_MS);
    expect(usersTask(sql)).toMatchObject({ state: "done", written: 5 });
  }));

test("of pages that could not be written together none is, and the first is then written alone", () =>
  inDirectory(async (sql) => {
    const written: (number | undefined)[] = [];
    const full: Sql = {
      ...sql,
      transaction: (act) =>
        sql.transaction(() => {
          const result = act();
          const isFirst = stored(sql) === 3 && !written.includes(3);
          written.push(stored(sql));
          if (isFirst) throw new Error("disk full");
          return result;
        }),
    };
    const { directory, pass } = engine(
      full,
      paged(3, () => undefined),
    );
    beginRun(directory, { type: "users_only", cause: "request" });
    await pass(HOUR_MS);
    expect(written.filter((count, at) => count !== 0 && count !== written[at - 1])).toEqual([3, 1, 3]);
    expect(usersTask(sql)).toMatchObject({ state: "done", written: 3 });
  }));
