/** Runs of the tenant directory: beginning, watching, approving (design, "Tenant directory"). */
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import * as z from "zod";
import { SYNC_TYPES, type SyncType } from "../directory/resources.ts";
import { Intervals, type Schedule } from "../directory/run/schedule.ts";
import { packCursor, unpackCursor } from "../lib/cursor.ts";
import { type Result, unwrap } from "../lib/errors.ts";
import type { RunProgress } from "../directory/run/progress.ts";
import type { RunPage, ShownRun } from "../directory/run/show.ts";
import { jsonObject, optionalJson } from "./body.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { askDirectory } from "./directory.ts";
import { jsonBody, limited, smallBody } from "./guards.ts";
import { recordTenant } from "./directory-trail.ts";
import { requireValid, valid } from "./respond.ts";

const SYNC_NAMES = Object.keys(SYNC_TYPES) as [SyncType, ...SyncType[]];
const SyncBody = z.strictObject({
  sync_type: z.enum(SYNC_NAMES, `expected one of ${SYNC_NAMES.join(", ")}`).default("incremental"),
});
const RunId = z.object({ id: z.string().max(100) });
const MOST_RUNS = 200;
const RunsQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `expected a number from 1 to ${MOST_RUNS}`)
    .transform(Number)
    .pipe(z.int().min(1).max(MOST_RUNS))
    .default(50),
  cursor: z.string().min(1).max(1_024).optional(),
});
const RunPlace = z.strictObject({ before: z.int() });

/** A watcher is answered at least so often, ms: proxies close what is silent for longer. */
const HEARTBEAT_MS = 15_000;
/** Pages come faster than anybody reads. */
const LEAST_BETWEEN_MS = 250;

/** The routes of runs, below `/v1/microsoft`. */
export function directoryRuns() {
  const read = limited("tenant_directory", "directory_read");
  const manage = limited("tenant_directory", "directory_manage");
  const named = zValidator("param", RunId, requireValid);
  return new Hono<Hosted>({ strict: false })
    .post("/sync", ...manage, sync)
    .get("/runs", ...read, list)
    .get("/runs/:id", ...read, named, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(unwrap(await askDirectory<Result<ShownRun>>(c, (directory) => directory.run(id))));
    })
    .get("/runs/:id/events", ...read, named, watch)
    .post("/runs/:id/approve", ...manage, smallBody, named, (c) => decided(c, "approve"))
    .post("/runs/:id/cancel", ...manage, smallBody, named, (c) => decided(c, "cancel"))
    .patch("/schedule", ...manage, jsonBody, async (c) => {
      const change = valid(Intervals.partial(), await jsonObject(c));
      const answer = await askDirectory<Result<Schedule>>(c, (directory) => directory.schedule(change));
      await recordTenant(c, "tenant_schedule", { answer, detail: answer.ok ? { ...answer.value } : {} });
      return c.json(unwrap(answer));
    });
}

async function sync(c: HostedContext): Promise<Response> {
  const { sync_type: type } = valid(SyncBody, await optionalJson(c));
  const answer = await askDirectory<Result<{ run_id: string; tenant: string }>>(c, (directory) => directory.sync(type));
  await recordTenant(c, "tenant_sync", { answer, detail: { sync_type: type } });
  const { run_id: id, tenant: _tenant, ...more } = unwrap(answer);
  c.header("Location", `/v1/microsoft/runs/${id}`);
  return c.json({ run_id: id, ...more }, 202);
}

async function list(c: HostedContext): Promise<Response> {
  const { limit, cursor } = valid(RunsQuery, c.req.query());
  const before = cursor === undefined ? undefined : unpackCursor("runs", RunPlace, cursor).before;
  const { runs, next } = unwrap(
    await askDirectory<Result<RunPage>>(c, (directory) => directory.runs({ before, limit })),
  );
  return c.json({ runs, next_cursor: next === undefined ? null : packCursor("runs", { before: next }) });
}

async function decided(c: HostedContext, decision: "approve" | "cancel"): Promise<Response> {
  const id = valid(RunId, c.req.param()).id;
  const answer = await askDirectory<Result<{ run: ShownRun; tenant: string }>>(c, (directory) =>
    directory[decision](id),
  );
  await recordTenant(c, `tenant_${decision}`, { answer, detail: { run: id } });
  return c.json(unwrap(answer).run, decision === "approve" ? 202 : 200);
}

/** Progress as server-sent events (WHATWG HTML, "Server-sent events"). An event's id is the run's version: a watcher that comes again is told what is new. */
async function watch(c: HostedContext): Promise<Response> {
  const { id } = valid(RunId, c.req.param());
  const last = Number(c.req.header("Last-Event-ID") ?? Number.NaN);
  const ask = (asked: string, since: number | undefined, waitMs: number) =>
    askDirectory<Result<RunProgress>>(c, (directory) => directory.progress({ id: asked, since, waitMs }));
  // An unknown run is a problem, not a stream that says nothing.
  let progress = unwrap(await ask(id, undefined, 0));
  // An EventSource comes back when a stream ends; this answer tells it to stay away.
  if (progress.ended && progress.version === last) return c.body(null, 204);
  c.header("X-Accel-Buffering", "no");
  return streamSSE(c, async (stream) => {
    let told = Number.isNaN(last) ? undefined : last;
    while (!stream.aborted) {
      const { version, ended, run } = progress;
      if (version !== told || ended)
        await stream.writeSSE({ id: String(version), event: "progress", data: JSON.stringify(run) });
      else await stream.write(": still here\n\n");
      told = version;
      if (ended) {
        await stream.writeSSE({ event: "end", data: JSON.stringify({ status: run.status }) });
        return;
      }
      await stream.sleep(LEAST_BETWEEN_MS);
      const next = await ask(run.id, told, HEARTBEAT_MS);
      if (!next.ok) {
        await stream.writeSSE({
          event: "error",
          data: JSON.stringify({ code: next.failure.code, detail: next.failure.detail }),
        });
        return;
      }
      progress = next.value;
    }
  });
}
