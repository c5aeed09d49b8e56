/** One reading of the tenant, by ours or by the plain loop, and what it cost. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { watchHeap } from "./directory-heap.ts";
import type { LoopOrder, LoopResult } from "./directory-loop.ts";
import type { WalkResult } from "./directory-walk.ts";
import type { DirectoryWorker, DirectoryWorld } from "./directory-world.ts";
import type { DirectoryReport } from "./directory-worker.ts";
import { cpuNs, forgetPeak, memoryOf } from "./processes.ts";

/** A run of ours. Times in ms, sizes in bytes. */
export interface RunResult {
  /** From the request until the run has ended. */
  readonly elapsedMs: number;
  /** From the run's beginning until users, groups, devices and managed devices are read and written. */
  readonly copyMs: number;
  readonly cpuMs: number;
  /** Of the workerd process, before and at its highest; `heap`: of the Worker's own JavaScript. */
  readonly memory: { readonly before: number; readonly peak: number; readonly heap: number };
  readonly seen: number;
  readonly written: number;
  /** What Cloudflare bills: rows of SQLite, and alarms. */
  readonly rowsWritten: number;
  readonly counted: DirectoryReport;
  readonly resources: readonly ShownResource[];
}

/** A resource of a run, as the API shows it. */
export interface ShownResource {
  readonly resource: string;
  readonly status: string;
  readonly seen: number;
  readonly written: number;
  readonly pages: number;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

interface ShownRun {
  readonly status: string;
  readonly started_at: string;
  readonly resources: readonly ShownResource[];
}

/** What both sides read. */
const COMMON = new Set(["users", "groups", "devices", "managed_devices"]);
/** Each question costs the Worker some ms of CPU, so a long run is asked for ever more rarely. */
const POLL_MS = 50;
const LONGEST_POLL_MS = 2_000;
const SLOWER = 1.2;

/** Runs one reading of ours to its end. Throws where it does not succeed. */
export async function runOurs(worker: DirectoryWorker, org: string, syncType: string): Promise<RunResult> {
  const { pid } = worker;
  await worker.report(org);
  const heap = await watchHeap(worker.inspector);
  await forgetPeak(pid);
  const [{ now: before }, cpuBefore] = [await memoryOf(pid), await cpuNs(pid)];
  const started = performance.now();
  const body = { sync_type: syncType };
  const { run_id: id } = await worker.ask<{ run_id: string }>(org, "/v1/microsoft/sync", { method: "POST", body });
  const run = await ended(worker, org, id);
  const elapsedMs = performance.now() - started;
  const cpuMs = ((await cpuNs(pid)) - cpuBefore) / 1e6;
  const { peak } = await memoryOf(pid);
  const counted = await worker.report(org);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const common = run.resources.filter(({ resource }) => COMMON.has(resource));
  const lastEnd = Math.max(...common.map(({ ended_at: at }) => Date.parse(at ?? "")));
  return {
    elapsedMs,
    copyMs: lastEnd - Date.parse(run.started_at),
    cpuMs,
    memory: { before, peak, heap: await heap.stop() },
    seen: sum(run.resources.map(({ seen }) => seen)),
    written: sum(run.resources.map(({ written }) => written)),
    rowsWritten: sum(Object.values(counted.statements).map(({ rowsWritten }) => rowsWritten)) + counted.alarms,
    counted,
    resources: run.resources,
  };
}

async function ended(worker: DirectoryWorker, org: string, id: string): Promise<ShownRun> {
  for (let pauseMs = POLL_MS; ; pauseMs = Math.min(LONGEST_POLL_MS, pauseMs * SLOWER)) {
    await pause(pauseMs);
    const run = await worker.ask<ShownRun>(org, `/v1/microsoft/runs/${id}`);
    if (run.status === "succeeded") return run;
    if (run.status !== "running") throw new Error(`the run ${run.status}: ${JSON.stringify(run)}`);
  }
}

/** The plain loop, in a process of its own. */
export async function runLoop(world: DirectoryWorld, tenant: string, name: string): Promise<LoopResult> {
  const order: LoopOrder = {
    front: world.front,
    token: await world.appToken(tenant),
    file: path.join(world.folder, `${name}.db`),
  };
  return inProcess<LoopResult>("directory-loop.ts", order);
}

/** Fetches all pages and drops them, in a process of its own. */
export async function walkPages(world: DirectoryWorld, tenant: string): Promise<WalkResult> {
  return inProcess<WalkResult>("directory-walk.ts", { front: world.front, token: await world.appToken(tenant) });
}

async function inProcess<Result>(file: string, order: object): Promise<Result> {
  const child: ChildProcess = fork(path.join(import.meta.dirname, file));
  child.send(order);
  const gone = new AbortController();
  child.once("exit", (code) => gone.abort(new Error(`${file} ended with ${String(code)}`)));
  // What it sends is its result: both files stand beside this one.
  const [result] = (await once(child, "message", { signal: gone.signal })) as [Result];
  if (child.exitCode === null) await once(child, "exit");
  return result;
}
