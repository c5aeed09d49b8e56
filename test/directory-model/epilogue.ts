/** The weather clears and time passes: then the copy is the tenant, and reading it again writes nothing. */
import { beginRun } from "../../src/directory/run/begin.ts";
import { findRun, heldRuns, listRuns, runningRun } from "../../src/directory/run/records.ts";
import { startDue } from "../../src/directory/run/schedule.ts";
import type { SyncType } from "../../src/directory/resources.ts";
import {
  alertsApart,
  devicesApart,
  edgesApart,
  groupsApart,
  licencesApart,
  joinsApart,
  logApart,
  managedApart,
  signInsApart,
  usersApart,
} from "./compare.ts";
import type { Judge } from "./judge.ts";
import { approve } from "./perform.ts";
import type { Script } from "./step.ts";
import { toldApart } from "./told.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_RUN_HOURS = 48;
/** A week and a half, because a full run does not follow within half a week of the last. */
const MOST_DAYS = 14;
/** What no time changes: of logs, what is too old goes. */
const COPIED = /^(users|groups|devices|edges|nodes|changes|licences)$/;

/** Adds to what is broken. */
export async function epilogue(world: World, judge: Judge, { size, seed }: Script): Promise<void> {
  world.weather.clear();
  world.hooks.clear();
  world.life.fuse = undefined;
  world.tenant.settings({ directory_throttle: false, intune_date_filter: "exact" });
  await world.tenant.grant({ licences: { entra: "p2", intune: true, defender: true }, roles: size.roles });
  await calm(world);
  if (seed % 2 === 0) await recover(world);
  else await leftAlone(world);
  // Lists are read whole once a day.
  await world.advance(25 * HOUR_MS);
  await run(world, "incremental");
  if (world.broken.length > 0) return;
  equal(world, size.roles.includes("Directory.Read.All"));
  for (const difference of judge.memory.apart(world.sql, world.clock.now()).slice(0, 3)) world.broken.push(difference);
  await idle(world);
}

/** Whatever is under way ends, and what is held is approved. */
async function calm(world: World): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await ended(world);
    if (heldRuns(world.sql).length === 0) return;
    approve(world);
  }
}

/** Somebody asks for everything to be read once. */
async function recover(world: World): Promise<void> {
  // Tokens of before the permissions were given back live for another hour or so.
  await world.advance(2 * HOUR_MS);
  await run(world, "full");
  await calm(world);
}

/** Nobody does anything but the schedule, until it has read everything. */
async function leftAlone(world: World): Promise<void> {
  await world.advance(2 * HOUR_MS);
  const since = world.clock.now();
  for (let day = 0; day < MOST_DAYS; day += 2) {
    startDue(world.directory, world.tenant.id);
    world.look();
    await calm(world);
    const [last] = listRuns(world.sql, { limit: 1 });
    if ((last?.type === "full" && last.startedAt >= since) || world.broken.length > 0) return;
    await world.advance(2 * DAY_MS);
  }
  world.broken.push(`${MOST_DAYS} days have passed without a full run`);
}

/** Runs to the end; everything is well, so it succeeds. */
async function run(world: World, type: SyncType): Promise<void> {
  const outcome = beginRun(world.directory, { type, cause: "request" });
  world.look();
  await calm(world);
  const id = "begun" in outcome ? outcome.begun.id : outcome.running.id;
  const status = findRun(world.sql, id)?.status;
  if (world.broken.length === 0 && status !== "succeeded" && status !== "superseded" && type === "incremental")
    world.broken.push(`all is well, and the last run is ${status}`);
}

async function ended(world: World): Promise<void> {
  for (let hour = 0; hour < MOST_RUN_HOURS && world.broken.length === 0; hour += 1) {
    if (!runningRun(world.sql)) return;
    await world.advance(HOUR_MS);
  }
  if (world.broken.length === 0) world.broken.push(`a run does not end within ${MOST_RUN_HOURS} h`);
}

function equal(world: World, withLogs: boolean): void {
  const now = world.clock.now();
  const window = { from: now - 8 * DAY_MS, until: now - 2 * HOUR_MS, keptFrom: now - 5 * DAY_MS };
  const apart = [
    ...usersApart(world),
    ...groupsApart(world),
    ...edgesApart(world, () => true, new Set()),
    ...toldApart(world, now),
    ...devicesApart(world),
    ...managedApart(world),
    ...joinsApart(world),
    ...signInsApart(world),
    ...licencesApart(world),
    ...(withLogs ? [...logApart(world, "sign_ins", window), ...logApart(world, "directory_audits", window)] : []),
    ...alertsApart(world, now - 2 * HOUR_MS),
  ];
  world.broken.push(...apart.slice(0, 5).map((difference) => `in the end ${difference}`));
}

/** Reading what has not changed writes nothing of it. */
async function idle(world: World): Promise<void> {
  world.counting = [];
  beginRun(world.directory, { type: "incremental", cause: "request" });
  await ended(world);
  const written = world.counting.filter(({ statement, rows }) => rows() > 0 && COPIED.test(tableOf(statement)));
  for (const { statement, rows } of written.slice(0, 2))
    world.broken.push(`nothing has changed, and ${rows()} rows were written: ${statement.slice(0, 150)}`);
  world.counting = undefined;
}

function tableOf(statement: string): string {
  return /^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+(\w+)/i.exec(statement)?.[1] ?? "";
}
