import { expect, test } from "vitest";
import { beginRun, type RunRequest } from "../../src/directory/run/begin.ts";
import { cancelRun } from "../../src/directory/run/cancel.ts";
import { listRuns, type Run, tasksOf } from "../../src/directory/run/records.ts";
import { startDue } from "../../src/directory/run/schedule.ts";
import type { Directory } from "../../src/directory/directory.ts";
import type { ResourceName } from "../../src/directory/resources.ts";
import { resourceState } from "../../src/directory/store/state.ts";
import { engine, type Graph, lastPage, refusal, ROOT, START } from "./engine.ts";
import { inDirectory } from "./writing.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function begin(directory: Directory, type: RunRequest["type"]): Run {
  const outcome = beginRun(directory, { type, cause: "request" });
  if ("running" in outcome) throw new Error(`run ${outcome.running.id} is under way`);
  return outcome.begun;
}

function last(directory: Directory): Run | undefined {
  return listRuns(directory.sql, { limit: 1 })[0];
}

function taskOf(directory: Directory, resource: ResourceName) {
  return tasksOf(directory.sql, last(directory)?.r ?? 0).find((task) => task.resource === resource);
}

const user = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  displayName: `User ${id}`,
  userPrincipalName: `${id}@contoso.example`,
  ...more,
});

test("a workload that is silent for a day stops no other, and nobody has to wait for its run", () =>
  inDirectory(async (sql) => {
    const graph: Graph = (url) => (url.pathname.includes("managedDevices") ? { status: 503 } : lastPage(url));
    const { directory, time, pass } = engine(sql, graph);
    begin(directory, "full");
    await pass(DAY_MS, "a-tenant");
    for (const name of ["users", "groups", "sign_ins"] as const)
      expect(time.now - (resourceState(sql, name).readAt ?? 0), name).toBeLessThan(2 * HOUR_MS);
    begin(directory, "users_only");
    expect(beginRun(directory, { type: "devices_only", cause: "request" })).toHaveProperty("running");
  }));

test("a run that is not worth waiting for is cancelled, and its resources are free again", () =>
  inDirectory(async (sql) => {
    const { directory, pass } = engine(sql, (url) =>
      url.pathname.includes("users") ? { status: 503 } : lastPage(url),
    );
    const run = begin(directory, "users_only");
    await pass(HOUR_MS);
    expect(cancelRun(directory, run.id)).toMatchObject({ status: "failed" });
    expect(taskOf(directory, "users")).toMatchObject({ state: "failed", trouble: { code: "cancelled" } });
    begin(directory, "users_only");
  }));

test("nobody is left alone for longer than an hour, whatever Retry-After says", () =>
  inDirectory(async (sql) => {
    const { directory, time, pass } = engine(sql, () => ({ status: 429, retryAfter: "999999999" }));
    begin(directory, "groups_only");
    await pass(1_000);
    expect((time.alarm ?? Number.POSITIVE_INFINITY) - START).toBeLessThanOrEqual(1.2 * HOUR_MS);
  }));

test("an alarm that was lost is set again by the schedule", () =>
  inDirectory(async (sql) => {
    const { directory, time, pass } = engine(sql, () => ({ status: 503 }));
    begin(directory, "groups_only");
    await pass(60_000);
    time.alarm = null;
    startDue(directory, "a-tenant");
    expect(time.alarm).not.toBeNull();
  }));

test("owners that Graph will not tell any more stay as they were, and the run does not say that all is well", () =>
  inDirectory(async (sql) => {
    let tells = true;
    const owner = { "@odata.type": "#microsoft.graph.user", id: "u1" };
    const graph: Graph = (url) => {
      if (url.pathname.includes("users")) return lastPage(url, [user("u1")]);
      const asksOwners = url.searchParams.get("$select")?.includes("owners") === true;
      if (asksOwners && !tells) return refusal(400, "BadRequest");
      return lastPage(url, [{ id: "g1", displayName: "Ops", ...(asksOwners ? { "owners@delta": [owner] } : {}) }]);
    };
    const { directory, pass } = engine(sql, graph);
    begin(directory, "groups_only");
    await pass(HOUR_MS);
    expect(last(directory)?.status).toBe("succeeded");
    const owners = () => sql.first<{ count: number }>("SELECT count(*) AS count FROM edges WHERE role = 2")?.count;
    expect(owners()).toBe(1);
    tells = false;
    sql.run("DELETE FROM resources WHERE name = 'groups'");
    begin(directory, "groups_only");
    await pass(HOUR_MS);
    expect(owners()).toBe(1);
    expect(last(directory)?.status).not.toBe("succeeded");
    expect(taskOf(directory, "groups")?.trouble?.code).toBe("owners_refused");
  }));

test("a 401 that is one workload's own refusal leaves the others be", () =>
  inDirectory(async (sql) => {
    const graph: Graph = (url) =>
      url.pathname.includes("managedDevices") ? refusal(401, "UnknownError") : lastPage(url);
    const { directory, pass } = engine(sql, graph);
    begin(directory, "devices_only");
    await pass(HOUR_MS);
    expect(taskOf(directory, "devices")?.state).toBe("done");
    expect(taskOf(directory, "managed_devices")?.state).toBe("refused");
  }));

test("what could not be read makes no later run succeed before everything has been read again", () =>
  inDirectory(async (sql) => {
    let spoilt = false;
    const graph: Graph = (url) =>
      lastPage(
        url,
        url.pathname.endsWith("/users/delta")
          ? [spoilt ? { ...user("u1"), accountEnabled: "perhaps" } : user("u1")]
          : [],
      );
    const { directory, pass } = engine(sql, graph);
    const outcome = async (type: RunRequest["type"]) => {
      begin(directory, type);
      await pass(HOUR_MS);
      return last(directory)?.status;
    };
    expect(await outcome("full")).toBe("succeeded");
    spoilt = true;
    expect(await outcome("users_only")).not.toBe("succeeded");
    spoilt = false;
    expect(await outcome("users_only")).not.toBe("succeeded");
    expect(await outcome("full")).toBe("succeeded");
  }));

test.each([
  ["is answered too late", { status: 504 }],
  ["outlives its links", refusal(400, "Directory_ExpiredPageToken")],
])("a window of a log that %s is made smaller until it is read", (_, answer) =>
  inDirectory(async (sql) => {
    const graph: Graph = (url) => {
      const [, from = "", to = ""] = /ge (\S+) and \S+ le (\S+)/.exec(url.searchParams.get("$filter") ?? "") ?? [];
      const tooLong = url.pathname.endsWith("signIns") && Date.parse(to) - Date.parse(from) > 2 * DAY_MS;
      if (url.searchParams.has("$skiptoken")) return answer;
      if (!tooLong) return lastPage(url);
      // The answer comes at once, or at the second page.
      return answer.status === 504
        ? answer
        : { body: { value: [], "@odata.nextLink": `${ROOT}/auditLogs/signIns?$skiptoken=2` } };
    };
    const { directory, pass } = engine(sql, graph);
    begin(directory, "audit_only");
    await pass(6 * HOUR_MS);
    expect(resourceState(sql, "sign_ins").watermark).toBe(START);
    expect(last(directory)?.status).toBe("succeeded");
  }),
);

test("until when a log has no gap does not go back by a full run", () =>
  inDirectory(async (sql) => {
    const marks: number[] = [];
    const { directory, pass } = engine(sql, (url) => {
      marks.push(resourceState(sql, "sign_ins").watermark ?? 0);
      return lastPage(url);
    });
    for (const type of ["audit_only", "full"] as const) {
      begin(directory, type);
      await pass(HOUR_MS);
    }
    expect(marks).toEqual(marks.toSorted((a, b) => a - b));
  }));

test("a refusal that passes within the hour does not put a resource off for a day", () =>
  inDirectory(async (sql) => {
    const graph: Graph = (url, now) =>
      url.pathname.includes("users") && now > START + 2 * HOUR_MS && now < START + 3 * HOUR_MS
        ? refusal(403, "Authorization_RequestDenied")
        : lastPage(url);
    const { directory, time, pass } = engine(sql, graph);
    begin(directory, "full");
    await pass(6 * HOUR_MS, "a-tenant");
    expect(time.now - (resourceState(sql, "users").readAt ?? 0)).toBeLessThan(2 * HOUR_MS);
  }));

test("asking for one part often does not keep the schedule from the rest", () =>
  inDirectory(async (sql) => {
    const { directory, time, pass } = engine(sql, (url) => lastPage(url));
    begin(directory, "full");
    for (let hour = 0; hour < 12; hour += 1) {
      await pass(HOUR_MS, "a-tenant");
      beginRun(directory, { type: "groups_only", cause: "request" });
    }
    expect(time.now - (resourceState(sql, "users").readAt ?? 0)).toBeLessThan(2.5 * HOUR_MS);
  }));

test("devices are read before Intune's records, but a silence of theirs does not hold those", () =>
  inDirectory(async (sql) => {
    const asked: string[] = [];
    let status = 200;
    const { directory, pass } = engine(sql, (url) => {
      asked.push(url.pathname.slice(6));
      if (url.pathname !== "/v1.0/devices/delta") return lastPage(url);
      if (status !== 200) return { status };
      const more = { body: { value: [], "@odata.nextLink": `${ROOT}/devices/delta?$skiptoken=2` } };
      return url.searchParams.has("$select") ? more : lastPage(url);
    });
    begin(directory, "devices_only");
    await pass(60_000);
    expect(asked.filter((path) => !path.endsWith("$count"))).toEqual([
      "devices/delta",
      "devices/delta",
      "devices/delta",
      "deviceManagement/managedDevices",
    ]);
    status = 503;
    const before = resourceState(sql, "managed_devices").readAt ?? 0;
    begin(directory, "devices_only");
    await pass(60_000);
    expect(resourceState(sql, "managed_devices").readAt).toBeGreaterThan(before);
  }));
