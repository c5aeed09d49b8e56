/** Runs over a real database, with a clock that the test moves and Graph as a function. */
import { type Directory, openDirectory } from "../../src/directory/directory.ts";
import { startDue } from "../../src/directory/run/schedule.ts";
import { work } from "../../src/directory/run/work.ts";
import type { Sql } from "../../src/directory/store/sql.ts";
import type { Sender } from "../../src/lib/http.ts";
import { parseRetryAfter } from "../../src/lib/http.ts";
import { createLogger } from "../../src/lib/log.ts";

/** The host that every link of a test leads to. */
export const ROOT = "https://graph.microsoft.com/v1.0";
/** When every test begins, ms. */
export const START = Date.parse("2026-11-01T00:00:00Z");

/** What Graph says to a request: a body, or a refusal. */
export type Graph = (url: URL, now: number) => { status?: number; body?: unknown; retryAfter?: string };

/** A page of a collection that ends with a delta link, or is the last one. */
export function lastPage(url: URL, value: readonly unknown[] = []) {
  const isDelta = url.pathname.endsWith("/delta");
  return {
    body: { value, ...(isDelta ? { "@odata.deltaLink": `${ROOT}${url.pathname.slice(5)}?$deltatoken=1` } : {}) },
  };
}

/** A refusal as Graph words it. */
export function refusal(status: number, code: string) {
  return { status, body: { error: { code, message: "no" } } };
}

/** Takes some turns, as a real one may. */
async function token() {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  return { accessToken: "token", ticket: "1" };
}

/** A directory whose alarms the test lets ring. */
export function engine(sql: Sql, graph: Graph) {
  const time = { now: START, alarm: null as number | null };
  const sender: Sender = {
    send: async ({ url }) => {
      const said = graph(new URL(url), time.now);
      const headers = new Headers(said.retryAfter === undefined ? {} : { "Retry-After": said.retryAfter });
      const retryAfterS = parseRetryAfter(said.retryAfter ?? null, time.now);
      return { status: said.status ?? 200, headers, text: JSON.stringify(said.body ?? {}), retryAfterS, tries: 1 };
    },
  };
  const directory: Directory = openDirectory({
    sql,
    sender,
    tokens: { token, refused: () => undefined },
    graphUrl: "https://graph.microsoft.com",
    clock: {
      now: () => time.now,
      after: (ms) => ({ done: Promise.resolve(void (time.now += ms)), cancel: () => undefined }),
    },
    log: createLogger("ERROR"),
    wakeBy: (at) => void (time.alarm = Math.min(at, time.alarm ?? at)),
    random: () => 0,
  });
  return {
    directory,
    time,
    /** Lets time pass: alarms ring, and with `tenant` the cron comes every five minutes. */
    pass: async (ms: number, tenant?: string) => {
      const until = time.now + ms;
      let cron = time.now;
      while (Math.min(time.alarm ?? until, tenant === undefined ? until : cron) < until) {
        const isAlarm = time.alarm !== null && (tenant === undefined || time.alarm <= cron);
        time.now = Math.max(time.now, isAlarm ? (time.alarm ?? 0) : cron);
        if (isAlarm) {
          time.alarm = null;
          await work(directory);
        } else {
          startDue(directory, tenant ?? "");
          cron += 5 * 60_000;
        }
      }
      time.now = Math.max(time.now, until);
    },
  };
}
