import { expect, test } from "vitest";
import { openDirectory } from "../../src/directory/directory.ts";
import { overview } from "../../src/directory/run/overview.ts";
import type { Sql } from "../../src/directory/store/sql.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createSender } from "../../src/lib/http.ts";
import { createLogger } from "../../src/lib/log.ts";
import { inDirectory } from "./writing.ts";

const log = createLogger("ERROR");

function countsOf(sql: Sql) {
  const directory = openDirectory({
    sql,
    log,
    clock: systemClock,
    sender: createSender({ clock: systemClock, log, fetch: () => Promise.reject(new Error("no network")) }),
    tokens: { token: () => Promise.reject(new Error("no token")), refused: () => undefined },
    graphUrl: "https://graph.microsoft.com",
    wakeBy: () => undefined,
    random: () => 0,
  });
  return overview(directory, "tenant").counts;
}

test("members of what has gone are not counted, once each, whichever end has gone", async () => {
  await inDirectory((sql) => {
    sql.run("INSERT INTO users (n, since) VALUES (1, 0), (2, 0), (3, 0)");
    sql.run("INSERT INTO groups (n, since) VALUES (11, 0), (12, 0), (13, 0)");
    sql.run("INSERT INTO devices (n, since) VALUES (21, 0)");
    // 99 is known by its id alone; 2 is an owner, which is no membership.
    sql.run(`INSERT INTO edges (group_n, role, member_n, since) VALUES
      (11, 1, 1, 0), (11, 1, 2, 0), (11, 1, 99, 0), (11, 1, 21, 0), (12, 1, 1, 0), (12, 1, 3, 0), (12, 1, 13, 0), (11, 2, 2, 0)`);
    expect(countsOf(sql)["members"]).toBe(7);
    sql.run("UPDATE users SET gone_at = 5 WHERE n = 2");
    expect(countsOf(sql)["members"]).toBe(6);
    sql.run("UPDATE devices SET gone_at = 5 WHERE n = 21");
    expect(countsOf(sql)["members"]).toBe(5);
    // A group with a member that has gone too: that edge is taken off once.
    sql.run("UPDATE users SET gone_at = 5 WHERE n = 3");
    sql.run("UPDATE groups SET gone_at = 5 WHERE n = 12");
    expect(countsOf(sql)["members"]).toBe(2);
    sql.run("UPDATE groups SET gone_at = NULL");
    sql.run("UPDATE groups SET gone_at = 5 WHERE n = 13");
    expect(countsOf(sql)["members"]).toBe(3);
    sql.run("UPDATE users SET gone_at = NULL");
    sql.run("UPDATE devices SET gone_at = NULL");
    sql.run("UPDATE groups SET gone_at = NULL");
    expect(countsOf(sql)["members"]).toBe(7);
  });
});
