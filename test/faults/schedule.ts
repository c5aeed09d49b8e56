/** A schedule: what happens to one owner's connection, step by step, and what must be true of it in the end. */
import { disconnect } from "../../src/connections/disconnect.ts";
import { finish } from "../../src/connections/finish.ts";
import { loadRows } from "../../src/connections/rows.ts";
import { start } from "../../src/connections/start.ts";
import { use } from "../../src/connections/use.ts";
import { Failure } from "../../src/lib/errors.ts";
import type { ConnectionId } from "../../src/lib/ids.ts";
import type { Step } from "./steps.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;

/** What a run has seen so far. */
interface Run {
  readonly world: World;
  readonly person: string;
  readonly broken: string[];
  /** Counts disconnects: a token served to a use that began after one must be of the grant after it. */
  epoch: number;
  connected: boolean;
  revoked: boolean;
  /** The ticket last served, by resource. */
  readonly last: Map<string, string>;
  /** The provider's tokens as they stood at the last disconnect. */
  forgotten: ReadonlySet<string>;
  readonly uses: Promise<void>[];
}

/** Runs a schedule and gives what was wrong; empty: all invariants held. */
export async function runSchedule(world: World, person: string, steps: readonly Step[]): Promise<string[]> {
  const run: Run = {
    world,
    person,
    broken: [],
    epoch: 0,
    connected: false,
    revoked: false,
    last: new Map(),
    forgotten: new Set(),
    uses: [],
  };
  await reconnect(run);
  if (!run.connected) return ["the first sign-in failed"];
  for (const one of steps) await perform(run, one);
  await calmDown(run);
  await judge(run);
  return run.broken;
}

async function perform(run: Run, one: Step): Promise<void> {
  const { world } = run;
  switch (one.do) {
    case "use":
      run.uses.push(useOnce(run, one));
      return world.settle();
    case "pass":
      return world.advance(one.ms);
    case "end-life":
      return world.endLife(one.how);
    case "d1":
      world.weather.d1 = [...one.faults];
      world.weather.d1LatencyMs = one.latencyMs;
      return;
    case "d1-down":
      world.weather.d1Down = one.down;
      return;
    case "trips":
      world.weather.trips = [...one.trips];
      return;
    case "disconnect":
      return disconnectNow(run);
    case "reconnect":
      return reconnect(run);
    case "revoke-at-provider":
      run.revoked = true;
      await world.control(`users/${run.person}/revoke`);
      // Entra counts in seconds: a grant of the same second would be revoked with the others.
      return world.advance(2_000);
  }
}

async function useOnce(run: Run, { resource, rejectLast }: Extract<Step, { do: "use" }>): Promise<void> {
  const { world } = run;
  const { epoch } = run;
  const rejected = rejectLast ? run.last.get(resource) : undefined;
  const forgotten = run.forgotten;
  try {
    const grant = await use(world.vault, {
      provider: "microsoft",
      resource,
      ...(rejected ? { rejected } : {}),
    });
    run.last.set(resource, grant.ticket);
    if (!world.issued.has(grant.accessToken))
      run.broken.push("a token was served that the provider never gave this owner");
    if (epoch > 0 && forgotten.has(grant.accessToken))
      run.broken.push("a token was served that was forgotten before it was asked for");
    if ((grant.expiresAt ?? Infinity) <= world.clock.now()) run.broken.push("a dead token was served");
  } catch (error) {
    noteFailure(run, error);
  }
}

/** Callers are told by a Failure what is wrong; only a life that ended may break off otherwise. */
function noteFailure(run: Run, error: unknown): void {
  if (error instanceof Failure || String(error).includes("has been shut down")) return;
  run.broken.push(
    `a caller saw a defect: ${error instanceof Error ? `${error.message} ${error.stack}` : String(error)}`,
  );
}

async function disconnectNow(run: Run): Promise<void> {
  const id = await connectionOf(run);
  if (id === undefined) return;
  const vault = run.world.vault;
  const work = disconnect(vault, { id, actor: "test" }).then(
    () => {
      run.epoch += 1;
      run.connected = false;
      run.forgotten = new Set(run.world.issued);
    },
    (error: unknown) => noteFailure(run, error),
  );
  await run.world.advance(60_000);
  await Promise.race([work, run.world.settle()]);
}

async function connectionOf(run: Run): Promise<ConnectionId | undefined> {
  const loading = loadRows(run.world.vault).catch(() => undefined);
  await run.world.advance(5_000);
  const rows = await Promise.race([loading, run.world.settle().then(() => undefined)]);
  return [...(rows?.values() ?? [])].find((row) => row.status !== "revoked")?.id;
}

async function reconnect(run: Run): Promise<void> {
  const { world } = run;
  const work = signIn(run).then(
    (done) => {
      if (!done) return;
      run.connected = true;
      world.log.signIns += 1;
      run.revoked = false;
    },
    (error: unknown) => noteFailure(run, error),
  );
  await world.advance(60_000);
  await Promise.race([work, world.settle()]);
}

async function signIn({ world, person }: Run): Promise<boolean> {
  const { vault } = world;
  const redirectUri = "https://latchkey.test/api/v1/auth/microsoft/callback";
  const started = await start(vault, {
    provider: "microsoft",
    redirectUri,
    returnTo: undefined,
    hints: {},
    browser: undefined,
    actor: "test",
  });
  const answer = await world.browse(`${started.authorizationUrl}&auto=${person}`);
  const code = new URL(answer.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const finished = await finish(vault, {
    flow: started.flow,
    redirectUri,
    browser: undefined,
    answer: { code },
    requestId: "test",
  });
  return "connection" in finished;
}

/** The weather clears, and time passes until nothing is left to do. */
async function calmDown({ world }: Run): Promise<void> {
  world.weather.trips = [];
  world.weather.d1 = [];
  world.weather.d1Down = false;
  world.weather.d1LatencyMs = 0;
  for (let round = 0; round < 8; round += 1) await world.advance(120_000);
}

async function judge(run: Run): Promise<void> {
  const { world, broken } = run;
  await world.advance(2 * HOUR_MS);
  const last = use(world.vault, { provider: "microsoft", resource: "graph" }).then(
    () => "served",
    (error: unknown) => (error instanceof Failure ? error : Promise.reject(error)),
  );
  await world.advance(60_000);
  const outcome = await last;
  await world.advance(60_000);
  judgeLoss(run, outcome);
  if (world.log.mostInFlight > 1)
    broken.push(`${world.log.mostInFlight} refreshes of one connection were in flight at once`);
  await judgeAgreement(run);
}

function judgeLoss({ world, broken, connected, revoked }: Run, outcome: Failure | string): void {
  if (typeof outcome === "string") {
    if (!connected) broken.push("a token was served after everything was disconnected");
    return;
  }
  if (!connected) {
    if (outcome.code !== "not_connected") broken.push(`disconnected, but told ${outcome.code}`);
    return;
  }
  if (revoked && outcome.code === "reauth_required") return;
  const named = outcome.code === "reauth_required" && outcome.extra.reason === "refresh_answer_lost";
  if (named && world.log.lostAnswers > 0) return;
  broken.push(`lost: ${outcome.code} ${outcome.extra.reason ?? ""} although the provider still honours the grant`);
}

async function judgeAgreement({ world, broken }: Run): Promise<void> {
  const { vault } = world;
  const memory = await loadRows(vault);
  const stored = await vault.rows.listOf(vault.owner);
  const view = (rows: Iterable<{ id: string; version: number; status: string; refreshToken: string | null }>) =>
    JSON.stringify([...rows].map(({ id, version, status, refreshToken }) => ({ id, version, status, refreshToken })));
  if (view(stored) !== view(memory.values()))
    broken.push(`D1 and the object disagree:\n${view(stored)}\n${view(memory.values())}`);
  if (vault.journal.pending.all().length > 0) broken.push("a row still waits in own storage");
}
