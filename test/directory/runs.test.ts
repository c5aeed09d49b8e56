import { expect, test } from "vitest";
import { call, sandbox, send } from "../support.ts";
import { adminOf, read, statusOf } from "./connecting.ts";
import { connected, ended, resourceOf, sync } from "./running.ts";

/** Without what the reports need, so that no test waits for their pace. */
const ROLES = ["User.Read.All", "GroupMember.Read.All", "Device.Read.All", "DeviceManagementManagedDevices.Read.All"];
const SIZE = { users: 230, groups: 12, devices: 60, roles: [...ROLES, "Organization.Read.All"] };
const PATIENT_MS = 60_000;

async function change(tenant: string, changes: readonly Record<string, unknown>[]): Promise<{ ids: string[] }> {
  const answer = await sandbox("POST", `tenant/${tenant}/changes`, { changes });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function truth(tenant: string, kind: string): Promise<Record<string, unknown>[]> {
  const answer = await sandbox("GET", `tenant/${tenant}/truth?kind=${kind}&limit=1000`);
  return (await answer.json<{ items: Record<string, unknown>[] }>()).items;
}

test("the first full run copies everything; the next finds nothing to write", { timeout: PATIENT_MS }, async () => {
  const tenant = await connected("first", 501, { users: 230, groups: 12, devices: 60 });
  const first = await sync("first", "full");
  expect(first).toMatchObject({ status: "succeeded", sync_type: "full", set_aside: [] });
  const status = await statusOf("first");
  const counts = status["counts"] as Record<string, number>;
  expect(counts["users"]).toBe((await truth(tenant, "users")).length);
  expect(counts["groups"]).toBe((await truth(tenant, "groups")).length);
  for (const name of ["sign_ins", "directory_audits", "alerts"]) expect(counts[name], name).toBeGreaterThan(0);
  expect(resourceOf(first, "users")).toMatchObject({ status: "succeeded", reading: "everything" });
  const again = await sync("first", "full");
  expect(again.status).toBe("succeeded");
  for (const name of ["users", "groups", "devices", "managed_devices"])
    expect(resourceOf(again, name), name).toMatchObject({ written: 0, removed: 0 });
});

test("an incremental run follows what changed, and nothing else", async () => {
  const tenant = await connected("changing", 502, SIZE);
  await sync("changing", "full");
  const [some] = await truth(tenant, "users");
  await change(tenant, [{ op: "rename_user", id: some?.["id"], name: "Zoe Newname" }, { op: "add_user" }]);
  const run = await sync("changing", "incremental");
  expect(run.status).toBe("succeeded");
  expect(resourceOf(run, "users")).toMatchObject({ reading: "changes", seen: 2, written: 2, fell_back_to_full: false });
  expect(resourceOf(run, "groups")).toMatchObject({ seen: 0, written: 0 });
});

test("a link that is gone makes the resource be read whole, and the run says so", async () => {
  const tenant = await connected("gone", 503, SIZE);
  await sync("gone", "full");
  await sandbox("POST", `tenant/${tenant}/delta/expire`, { resource: "users" });
  const run = await sync("gone", "incremental");
  expect(run.status).toBe("succeeded");
  expect(resourceOf(run, "users")).toMatchObject({ fell_back_to_full: true, status: "succeeded" });
  expect(resourceOf(run, "groups")).toMatchObject({ fell_back_to_full: false });
});

test("more than a fifth of the users gone holds the run until somebody approves it", async () => {
  const tenant = await connected("held", 504, SIZE);
  await sync("held", "full");
  const users = await truth(tenant, "users");
  const before = (await statusOf("held"))["counts"] as Record<string, number>;
  await change(
    tenant,
    users.slice(0, 60).map(({ id }) => ({ op: "delete_user", id })),
  );
  const held = await sync("held", "users_only");
  expect(held.status).toBe("held");
  expect(resourceOf(held, "users").reason).toMatchObject({ code: "held" });
  expect((await statusOf("held"))["counts"]).toMatchObject({ users: before["users"] });
  const approved = await call(`/v1/microsoft/runs/${held.id}/approve`, adminOf("held"), { method: "POST" });
  expect(approved.status).toBe(202);
  expect(await ended("held", held.id)).toMatchObject({ status: "succeeded" });
  expect((await statusOf("held"))["counts"]).toMatchObject({ users: (before["users"] ?? 0) - 60 });
  const twice = await read(await call(`/v1/microsoft/runs/${held.id}/approve`, adminOf("held"), { method: "POST" }));
  expect(twice).toMatchObject({ status: 409, code: "conflict" });
});

test("a run that is under way is named to whoever asks for another", async () => {
  await connected("busy", 505, SIZE);
  await sandbox("POST", "faults", { path: "/v1.0/users/delta", delay_ms: 1_000 });
  const begun = await read(await send("POST", "/v1/microsoft/sync", adminOf("busy"), { sync_type: "full" }));
  const second = await read(await send("POST", "/v1/microsoft/sync", adminOf("busy"), {}));
  expect(second).toMatchObject({ status: 409, code: "conflict", run_id: begun["run_id"] });
  await ended("busy", String(begun["run_id"]));
});

test("progress comes as events until the run has ended", async () => {
  await connected("watched", 506, SIZE);
  const begun = await read(await send("POST", "/v1/microsoft/sync", adminOf("watched"), { sync_type: "users_only" }));
  const answer = await call(`/v1/microsoft/runs/${String(begun["run_id"])}/events`, adminOf("watched"));
  expect(answer.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
  const events = (await answer.text())
    .split("\n\n")
    .filter((text) => text.startsWith("event: ") || text.includes("\nevent: "));
  expect(events.at(-1)).toContain("event: end");
  expect(events.at(-1)).toContain('"succeeded"');
  const last = /\nid: (\d+)/.exec(events.at(-2) ?? "")?.[1] ?? "";
  const again = await call(`/v1/microsoft/runs/${String(begun["run_id"])}/events`, adminOf("watched"), {
    headers: { "Last-Event-ID": last },
  });
  expect(again.status).toBe(204);
});

test("runs are listed newest first, page by page; another organisation's are unknown", async () => {
  await connected("listing", 507, SIZE);
  const ids: string[] = [];
  for (const type of ["users_only", "groups_only", "devices_only"]) ids.unshift((await sync("listing", type)).id);
  const page = await read(await call("/v1/microsoft/runs?limit=2", adminOf("listing")));
  expect((page["runs"] as { id: string }[]).map(({ id }) => id)).toEqual(ids.slice(0, 2));
  const next = await read(
    await call(`/v1/microsoft/runs?limit=2&cursor=${String(page["next_cursor"])}`, adminOf("listing")),
  );
  expect((next["runs"] as { id: string }[]).map(({ id }) => id)).toEqual(ids.slice(2));
  await connected("stranger", 508, SIZE);
  expect((await call(`/v1/microsoft/runs/${ids[0] ?? ""}`, adminOf("stranger"))).status).toBe(404);
  expect((await call(`/v1/microsoft/runs/${ids[0] ?? ""}/events`, adminOf("stranger"))).status).toBe(404);
});
