/** Everything around one owner's vault, so that a schedule can break it: its lives, its storage, D1, the provider. */
import { env } from "cloudflare:workers";
import type { Hono } from "hono";
import { createJournal } from "../../src/connections/journal.ts";
import { createVault, VAULT_TIMES, type Vault } from "../../src/connections/vault.ts";
import { wake } from "../../src/connections/wake.ts";
import { auditTrail } from "../../src/db/audit.ts";
import { connectionRows } from "../../src/db/connections.ts";
import { openDatabase } from "../../src/db/database.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { failure } from "../../src/lib/errors.ts";
import { createSender } from "../../src/lib/http.ts";
import { Owner } from "../../src/lib/ids.ts";
import { createKeyRing } from "../../src/lib/key-ring.ts";
import type { Logger } from "../../src/lib/log.ts";
import { findProvider } from "../../src/providers/index.ts";
import { createSandbox, memoryStore } from "./sandbox-app.ts";
import { type D1Fault, faultyD1 } from "./faulty-d1.ts";
import { createLife, type Ending, type Life } from "./life.ts";
import { createNetwork, type NetworkLog, type Trip } from "./network.ts";
import { createTraffic, createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

/** How the provider treats an old refresh token. */
export type Rotation = "keep" | "rotate" | "family";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT };
const traffic = createTraffic();
const clock: VirtualClock = createVirtualClock(Date.parse("2026-11-20T10:00:00Z"));
// One stand-in for all schedules of a rotation: its signing keys cost more than a whole schedule.
const providers = new Map<Rotation, Promise<Hono>>();

async function provider(rotation: Rotation): Promise<Hono> {
  const app = createSandbox({ store: memoryStore(), now: () => clock.now() });
  await app.request(`https://login.${rotation}.test/_sandbox/settings`, {
    method: "POST",
    body: JSON.stringify({ refresh_rotation: rotation }),
    headers: { "Content-Type": "application/json" },
  });
  return app;
}

/** See {@link createWorld}. */
export type World = Awaited<ReturnType<typeof createWorld>>;

/** The world of one owner, named after the person at the stand-in. */
export async function createWorld(rotation: Rotation, person: string, random: () => number) {
  const app = await (providers.get(rotation) ?? providers.set(rotation, provider(rotation)).get(rotation));
  if (!app) throw new Error("no stand-in");
  const storage = new Map<string, unknown>();
  const log: NetworkLog = { inFlight: 0, mostInFlight: 0, refreshes: 0, lostAnswers: 0 };
  const weather = { trips: [] as Trip[], d1: [] as D1Fault[], d1LatencyMs: 0 };
  const issued = new Set<string>();
  const state: { alarmAt: number | undefined; ringing: boolean; life: Life; vault: Vault } = {
    alarmAt: undefined,
    ringing: false,
    ...begin(),
  };

  function begin(): { life: Life; vault: Vault } {
    const life = createLife();
    return { life, vault: openVault(life) };
  }

  function openVault(life: Life): Vault {
    const config = parseConfig({ ...env, MICROSOFT_LOGIN_URL: `https://login.${rotation}.test` });
    const fetch = createNetwork(
      {
        app: app as Hono,
        clock,
        traffic,
        log,
        trip: () => weather.trips.shift() ?? { there: 20, back: 20 },
        issued: (token) => issued.add(token),
      },
      life,
    );
    const d1 = faultyD1(
      env.DB,
      {
        fault: () => weather.d1.shift() ?? "none",
        latency: () => weather.d1LatencyMs,
        wait: waitFor,
        during: traffic.during,
        unwritten: () => void (log.lostAnswers += 1),
      },
      life,
    );
    const db = openDatabase(d1);
    return createVault({
      system: "main",
      owner: Owner.parse(`faults-${person}`),
      basePath: "/api/v1",
      publicUrl: config.publicUrl,
      ring: createKeyRing(config.ringKeys, config.derivationSecret),
      rows: connectionRows(db, tablesFor("main")),
      audit: auditTrail(db, tablesFor("main")),
      journal: createJournal(life.storage(storage)),
      sender: createSender({ fetch, clock, log: SILENT, random }),
      clock,
      log: SILENT,
      provider: (id) => findProvider(config, id) ?? refuse(),
      background: (work) => void work.catch(() => {}),
      wakeBy(at) {
        if (life.ended === undefined) state.alarmAt = Math.min(state.alarmAt ?? at, at);
      },
      random,
    });
  }

  async function ring(): Promise<void> {
    const { vault, life } = state;
    state.alarmAt = undefined;
    state.ringing = true;
    void wake(vault)
      .catch(() => {})
      .then(() => {
        if (life.ended === undefined) state.ringing = false;
      });
    await traffic.settle();
  }

  async function waitFor(ms: number): Promise<void> {
    if (ms > 0) await clock.after(ms).done;
  }

  return {
    clock,
    log,
    weather,
    issued,
    storage,
    times: VAULT_TIMES,
    get vault() {
      return state.vault;
    },
    settle: traffic.settle,
    fetch: (url: string) => traffic.during(Promise.resolve(app.request(url, { redirect: "manual" }))),
    control: (path: string, body: unknown = {}) =>
      traffic.during(
        Promise.resolve(
          app.request(`https://login.${rotation}.test/_sandbox/${path}`, {
            method: "POST",
            body: JSON.stringify(body),
            headers: { "Content-Type": "application/json" },
          }),
        ),
      ),
    /** Ends this life; the next one begins with nothing but what is stored. */
    endLife(how: Ending) {
      state.life.end(how);
      Object.assign(state, begin());
      // The platform rings an alarm again whose handler did not come to its end.
      if (state.ringing) state.alarmAt = Math.min(state.alarmAt ?? Infinity, clock.now() + 2_000);
      state.ringing = false;
    },
    /** Lets time pass; alarms ring on the way, in whatever life there is then. */
    async advance(ms: number) {
      const end = clock.now() + ms;
      await traffic.settle();
      while (clock.now() < end) {
        await clock.moveTo(
          Math.max(clock.now(), Math.min(end, clock.next() ?? end, state.alarmAt ?? end)),
          traffic.settle,
        );
        if (state.alarmAt !== undefined && state.alarmAt <= clock.now()) await ring();
      }
    },
  };
}

function refuse(): never {
  throw failure("provider_misconfigured", "not set up");
}
