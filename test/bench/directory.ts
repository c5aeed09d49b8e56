/** The tenant directory at size: copied by ours and by the plain loop in turn, changed, and asked. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { buildWorker, OUT } from "./build.ts";
import { type RunResult, runLoop, runOurs, walkPages } from "./directory-copy.ts";
import { applyChanges } from "./directory-changes.ts";
import type { LoopResult } from "./directory-loop.ts";
import { askEverything, type QueryResult } from "./directory-queries.ts";
import type { WalkResult } from "./directory-walk.ts";
import { type DirectoryWorker, type DirectoryWorld, startDirectoryWorld } from "./directory-world.ts";
import { VARIABLES } from "./miniflare.ts";

/** How large, and how often. */
export interface DirectoryPlan {
  readonly users: number;
  readonly groups: number;
  readonly memberships: number;
  readonly devices: number;
  readonly rounds: number;
  /** What the way to Graph takes in one more round, of a tenant that is {@link SLOW_SHARE} of that size, ms; 0: there is no such round. */
  readonly latencyMs: number;
  /** Whether the logs are read too: Graph's own limits make that take minutes. */
  readonly logs: boolean;
}

/** Both, one after the other. */
export interface Copies {
  readonly ours: RunResult;
  readonly loop: LoopResult;
}

/** One round of all three, a moment apart. */
export interface Round extends Copies {
  readonly floor: WalkResult;
}

/** Everything that was seen. */
export interface DirectorySeen {
  readonly plan: DirectoryPlan;
  /** Making the pages: the stand-in's own time. */
  readonly made: WalkResult;
  readonly rounds: readonly Round[];
  /** The smaller tenant, with the plan's latency. */
  readonly slow?: Copies;
  readonly storageBytes: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly again: RunResult;
  readonly changes: number;
  readonly changed: RunResult;
  /** How long the stand-in took of that run, ms. */
  readonly changedAskedMs: number;
  readonly unchanged: RunResult;
  readonly logs?: RunResult;
  readonly queries: readonly QueryResult[];
}

const SEED = 4;
const DIRECTORY_ROLES = [
  "Organization.Read.All",
  "User.Read.All",
  "GroupMember.Read.All",
  "Device.Read.All",
  "DeviceManagementManagedDevices.Read.All",
];
const EVERY_ROLE = [...DIRECTORY_ROLES, "Directory.Read.All", "AuditLog.Read.All", "SecurityAlert.Read.All"];

/** The tenant that is read with latency: the plain loop alone would wait for the whole one's pages for many minutes. */
export const SLOW_SHARE = 1 / 5;

/** Measures everything. */
export async function measureDirectory(plan: DirectoryPlan): Promise<DirectorySeen> {
  await buildWorker();
  const world = await startDirectoryWorld();
  try {
    // Another tenant makes the front forget the pages that it has: this one goes first.
    const slow = plan.latencyMs > 0 ? await measureSlow(world, plan) : undefined;
    const tenant = await makeTenant(world, plan, 1);
    return { ...(await measure(world, tenant, plan)), ...(slow && { slow }) };
  } finally {
    await world.stop();
  }
}

async function makeTenant(world: DirectoryWorld, plan: DirectoryPlan, share: number): Promise<string> {
  const sizes = ["users", "groups", "memberships", "devices"] as const;
  const size = Object.fromEntries(sizes.map((name) => [name, Math.ceil(plan[name] * share)]));
  const made = await world.control("/tenant", { ...size, seed: SEED, roles: DIRECTORY_ROLES });
  const { tenant_id: tenant } = made as { tenant_id: string };
  return tenant;
}

/** The pages are made before the way to them becomes long. */
async function measureSlow(world: DirectoryWorld, plan: DirectoryPlan): Promise<Copies> {
  const tenant = await makeTenant(world, plan, SLOW_SHARE);
  const { pages } = await walkPages(world, tenant);
  say(`${pages} pages of a smaller tenant, each with ${plan.latencyMs} ms of latency`);
  await world.setLatency(plan.latencyMs);
  const worker = await world.startWorker();
  try {
    return await copyBoth({ world, tenant, worker, round: 0 });
  } finally {
    await world.setLatency(0);
    await worker.stop();
  }
}

async function measure(
  world: DirectoryWorld,
  tenant: string,
  plan: DirectoryPlan,
): Promise<Omit<DirectorySeen, "slow">> {
  say("the stand-in makes its pages");
  const made = await walkPages(world, tenant);
  const rounds: Round[] = [];
  for (let round = 1; round < plan.rounds; round += 1) rounds.push(await oneRound({ world, tenant, round }));
  // The last copy stays: it is changed and asked.
  const worker = await world.startWorker();
  try {
    rounds.push(await withFloor({ world, tenant, worker, round: plan.rounds }));
    const rest = await goOn({ world, tenant, worker, plan });
    return { plan, made, rounds, ...rest };
  } finally {
    await worker.stop();
  }
}

interface Copying {
  readonly world: DirectoryWorld;
  readonly tenant: string;
  readonly worker: DirectoryWorker;
}

const ORG = "bench";

async function oneRound(copying: Omit<Copying, "worker"> & { readonly round: number }): Promise<Round> {
  const worker = await copying.world.startWorker();
  try {
    return await withFloor({ ...copying, worker });
  } finally {
    await worker.stop();
  }
}

async function withFloor(copying: Copying & { readonly round: number }): Promise<Round> {
  const floor = await walkPages(copying.world, copying.tenant);
  say(`floor ${seconds(floor.elapsedMs)}`);
  return { floor, ...(await copyBoth(copying)) };
}

/** Which of the two begins alternates: neither always comes after the other. */
async function copyBoth({ world, tenant, worker, round }: Copying & { readonly round: number }): Promise<Copies> {
  await connect(worker, tenant);
  const copyOurs = () => runOurs(worker, ORG, "full");
  const copyLoop = () => runLoop(world, tenant, `round-${round}`);
  const oursFirst = round % 2 === 1;
  const early = oursFirst ? await copyOurs() : undefined;
  const loop = await copyLoop();
  const ours = early ?? (await copyOurs());
  say(`round ${round}: ours ${seconds(ours.copyMs)}, loop ${seconds(loop.elapsedMs)}`);
  return { ours, loop };
}

async function goOn({ world, tenant, worker, plan }: Copying & { readonly plan: DirectoryPlan }) {
  const { storage_bytes: storageBytes, counts } = await worker.ask<{
    storage_bytes: number;
    counts: Record<string, number>;
  }>(ORG, "/v1/microsoft/status");
  const copiedAt = new Date().toISOString();
  say("the same once more");
  const again = await runOurs(worker, ORG, "full");
  const changes = await applyChanges(world, tenant);
  say(`${changes} changes`);
  await world.frontCount();
  const changed = await runOurs(worker, ORG, "incremental");
  const { askedMs: changedAskedMs } = await world.frontCount();
  const unchanged = await runOurs(worker, ORG, "incremental");
  const logs = plan.logs ? await readLogs({ world, tenant, worker }) : undefined;
  say("questions");
  const queries = await askEverything(worker, ORG, copiedAt);
  return {
    storageBytes,
    counts,
    again,
    changes,
    changed,
    changedAskedMs,
    unchanged,
    ...(logs && { logs }),
    queries,
  };
}

/** Everything else: sign-in activity, licences and the logs. */
async function readLogs({ world, tenant, worker }: Copying): Promise<RunResult> {
  say("sign-in activity, licences and 30 days of logs, at the pace that Graph's limits allow");
  await world.control(`/tenant/${tenant}`, { roles: EVERY_ROLE }, "PATCH");
  await connect(worker, tenant);
  await runOurs(worker, ORG, "users_only");
  return runOurs(worker, ORG, "audit_only");
}

async function connect(worker: DirectoryWorker, tenant: string): Promise<void> {
  const { MICROSOFT_CLIENT_ID: id, MICROSOFT_CLIENT_SECRET: secret } = VARIABLES;
  const body = { tenant_id: tenant, client_id: id, client_secret: secret };
  await worker.ask(ORG, "/v1/microsoft/setup", { method: "POST", body });
}

/** Keeps everything that was seen, for whoever wants to look deeper than the report. */
export async function keepSeen(seen: DirectorySeen): Promise<void> {
  await writeFile(path.join(OUT, "directory.json"), JSON.stringify(seen, null, 1));
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function say(what: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);
}
