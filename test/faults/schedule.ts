/** Runs a schedule against one owner's connection, and judges what is true of it in the end. */
import { loadRows } from "../../src/connections/rows.ts";
import { use } from "../../src/connections/use.ts";
import { Failure } from "../../src/lib/errors.ts";
import { judgeEvents } from "./events.ts";
import { OwnerOf } from "./owner.ts";
import type { Step } from "./steps.ts";
import { judgeTrail } from "./trail.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;

/** Gives what was wrong; empty: all invariants held. */
export async function runSchedule(world: World, steps: readonly Step[]): Promise<string[]> {
  const owner = new OwnerOf(world);
  void owner.connect();
  await world.advance(MINUTE_MS);
  if (!owner.ledger.isConnected()) return ["the first sign-in failed"];
  for (const step of steps) await perform(owner, step);
  await calmDown(world);
  await judge(owner);
  return owner.broken;
}

/** Begins what a step says and lets it run on: what follows may overtake it. */
async function perform(owner: OwnerOf, step: Step): Promise<void> {
  const { world } = owner;
  switch (step.do) {
    case "use":
      void owner.use(step.resource, step.rejectLast);
      return world.settle();
    case "pass":
      return world.advance(step.ms);
    case "end-life":
      return world.endLife(step.how);
    case "d1":
      world.weather.d1 = [...step.faults];
      world.weather.d1LatencyMs = step.latencyMs;
      return;
    case "d1-down":
      world.weather.d1Down = step.down;
      return;
    case "trips":
      world.weather.trips = [...step.trips];
      return;
    case "disconnect":
      void owner.disconnect();
      return world.settle();
    case "reconnect":
      void owner.connect();
      return world.settle();
    case "revoke-at-provider":
      owner.ledger.revoked();
      await world.revokeAtProvider();
      // Entra counts in seconds: a grant of the same second would be revoked with the others.
      return world.advance(2_000);
  }
}

/** The weather clears, and time passes until nothing is left to do. */
async function calmDown(world: World): Promise<void> {
  world.weather.trips = [];
  world.weather.d1 = [];
  world.weather.d1Down = false;
  world.weather.d1LatencyMs = 0;
  for (let round = 0; round < 8; round += 1) await world.advance(2 * MINUTE_MS);
}

async function judge(owner: OwnerOf): Promise<void> {
  const { world, broken } = owner;
  await world.advance(120 * MINUTE_MS);
  const last = lastUse(owner).then(
    () => undefined,
    (error: unknown) => (error instanceof Failure ? error : Promise.reject(error)),
  );
  await world.advance(MINUTE_MS);
  judgeOutcome(owner, await last);
  if (world.log.mostInFlight > 1)
    broken.push(`${world.log.mostInFlight} refreshes of one connection were in flight at once`);
  await judgeAgreement(owner);
  await judgeTrail(owner);
  await judgeEvents(owner);
  await judgeRevocation(owner);
}

/** Uses a token as an application does: what the API refuses is handed back. Twice, because what comes first may be what an earlier life got. */
async function lastUse({ world, broken }: OwnerOf): Promise<void> {
  const wanted = { provider: world.standIn.provider, resource: world.standIn.resource("graph") };
  let served = await use(world.vault, wanted);
  for (let again = 0; again < 2; again += 1) {
    if (await world.accepts(served.accessToken)) return;
    served = await use(world.vault, { ...wanted, rejected: served.ticket });
  }
  if (!(await world.accepts(served.accessToken))) broken.push("the provider refuses the token that a refresh brought");
}

/** What was disconnected for good is taken back at the provider, however often it could not be reached. */
async function judgeRevocation({ ledger, world, broken }: OwnerOf): Promise<void> {
  // A sign-in that came second has left the first grant to itself, as Notion has it.
  if (!ledger.mustNotBeServed() || !ledger.connectedOnce()) return;
  const left = (await world.honoured()) ?? 0;
  if (left > 0) broken.push(`disconnected, and the provider still honours ${left} grants`);
}

/** The last use is a fair question: no fault is left, and the token is long dead. */
function judgeOutcome({ ledger, world, broken }: OwnerOf, failed: Failure | undefined): void {
  if (!failed) {
    if (ledger.mustNotBeServed()) broken.push("a token was served after everything was disconnected");
    return;
  }
  if (failed.code === "not_connected") {
    if (ledger.mustBeConnected()) broken.push("lost: the row is gone although nobody disconnected");
    return;
  }
  // Only where the provider has replaced the token can a lost answer cost the grant.
  const rotates = world.options.rotation !== "keep";
  const unavoidable = rotates && failed.extra.reason === "refresh_answer_lost" && world.log.lostAnswers > 0;
  if (failed.code === "reauth_required" && (unavoidable || ledger.mayBeRevoked())) return;
  broken.push(`lost: ${failed.code} ${failed.extra.reason ?? ""} although the provider still honours the grant`);
}

async function judgeAgreement({ world, broken }: OwnerOf): Promise<void> {
  const { vault } = world;
  const memory = await loadRows(vault);
  const stored = await vault.rows.listOf(vault.owner);
  const view = (rows: Iterable<{ id: string; version: number; status: string; refreshToken: string | null }>) =>
    JSON.stringify([...rows].map(({ id, version, status, refreshToken }) => ({ id, version, status, refreshToken })));
  if (view(stored) !== view(memory.values()))
    broken.push(`D1 and the object disagree:\n${view(stored)}\n${view(memory.values())}`);
  if (vault.journal.pending.all().length > 0) broken.push("a row still waits in own storage");
}
