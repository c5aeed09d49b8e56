/** Everything around one owner's vault, so that a schedule can break it: its lives, its storage, D1, the provider. */
import { env } from "cloudflare:workers";
import type { Hono } from "hono";
import { createJournal } from "../../src/connections/journal.ts";
import { createTrail } from "../../src/connections/trail.ts";
import { createVault, type Vault } from "../../src/connections/vault.ts";
import { wake } from "../../src/connections/wake.ts";
import { auditRows } from "../../src/db/audit.ts";
import { connectionRows } from "../../src/db/connections.ts";
import { openDatabase } from "../../src/db/database.ts";
import { erasure } from "../../src/db/erasure.ts";
import { eventRows } from "../../src/db/events.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { failure } from "../../src/lib/errors.ts";
import { createSender } from "../../src/lib/http.ts";
import { Owner } from "../../src/lib/ids.ts";
import { createKeyRing } from "../../src/lib/key-ring.ts";
import type { Logger } from "../../src/lib/log.ts";
import { findProvider } from "../../src/providers/index.ts";
import { type D1Fault, faultyD1 } from "./faulty-d1.ts";
import type { Lane, Rotation } from "./lane.ts";
import { createLife, type Ending, type Life } from "./life.ts";
import { createReceiver, type Receiver } from "./receiver.ts";
import { type StandIn, standInOf } from "./stand-in.ts";
import { createNetwork, type NetworkLog, type Trip } from "./network.ts";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT };
const ALARM_AGAIN_MS = 2_000;
/** To the receiver of events, one way. */
const HOOK_TRIP_MS = 60;
/** What an object that is shut down has left for what is in flight. */
const SHUTDOWN_MS = 30_000;

/** The world of one owner, who is called the same at the stand-in. */
export class World {
  readonly log: NetworkLog = { inFlight: new Map(), mostInFlight: 0, refreshes: 0, lostAnswers: 0 };
  readonly weather = { trips: new Array<Trip>(), d1: new Array<D1Fault>(), d1LatencyMs: 0, d1Down: false };
  /** Access tokens that the provider gave out for this owner. */
  readonly issued = new Set<string>();
  readonly #storage = new Map<string, unknown>();
  #life: Life = createLife();
  #alarmAt: number | undefined;
  #ringing = false;
  readonly receiver: Receiver;
  vault: Vault;

  private constructor(
    readonly lane: Lane,
    readonly person: string,
    readonly options: { readonly app: Hono; readonly rotation: Rotation; readonly random: () => number },
  ) {
    this.receiver = createReceiver(options.random);
    this.vault = this.#openVault(this.#life);
  }

  /** Opens a world. `random` decides jitter, so that it is part of the seed. */
  static async open(lane: Lane, person: string, options: { rotation: Rotation; random: () => number }): Promise<World> {
    return new World(lane, person, { app: await lane.provider(options.rotation), ...options });
  }

  get clock(): Lane["clock"] {
    return this.lane.clock;
  }

  /** Waits for the real work under way; no time passes. */
  async settle(): Promise<void> {
    await this.lane.traffic.settle();
  }

  /** A browser's GET, redirects not followed. */
  async browse(url: string): Promise<Response> {
    return this.lane.traffic.during(Promise.resolve(this.options.app.request(url, { redirect: "manual" })));
  }

  /** The person takes the grant back at the provider. */
  async revokeAtProvider(): Promise<void> {
    if ((await this.honoured()) === 0) return;
    const path = this.standIn.revoke(this.person);
    await this.lane.traffic.during(this.lane.control(this.options.rotation, path));
  }

  /** What this world's stand-in is to the vault. */
  get standIn(): StandIn {
    return standInOf(this.options.rotation, this.lane.loginUrl(this.options.rotation));
  }

  /** True where the provider's API takes a token. */
  async accepts(accessToken: string): Promise<boolean> {
    const { check } = this.standIn;
    if (check === undefined) return true;
    const headers = { Authorization: `Bearer ${accessToken}`, "Notion-Version": "2025-09-03" };
    const answer = await this.lane.traffic.during(Promise.resolve(this.options.app.request(check, { headers })));
    return answer.ok;
  }

  /** How many grants of the person's the provider still honours; undefined where it takes no revocations. */
  async honoured(): Promise<number | undefined> {
    const { grants } = this.standIn;
    if (grants === undefined) return undefined;
    const answer = await this.browse(grants + this.person);
    const { connections } = await answer.json<{ connections: { ended?: string }[] }>();
    return connections.filter(({ ended }) => ended === undefined).length;
  }

  /** Ends this life; the next one begins with nothing but what is stored. */
  endLife(how: Ending): void {
    const ending = this.#life;
    ending.end(how);
    void this.clock.after(SHUTDOWN_MS).done.then(() => ending.end("crash"));
    this.#life = createLife();
    this.vault = this.#openVault(this.#life);
    // The platform rings an alarm again whose handler did not come to its end.
    if (this.#ringing) this.#alarmAt = Math.min(this.#alarmAt ?? Infinity, this.clock.now() + ALARM_AGAIN_MS);
    this.#ringing = false;
  }

  /** Lets time pass; alarms ring on the way, in whatever life there is then. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    const settle = () => this.lane.traffic.settle();
    await settle();
    while (this.clock.now() < end) {
      const next = Math.min(end, this.clock.next() ?? end, this.#alarmAt ?? end);
      await this.clock.moveTo(Math.max(this.clock.now(), next), settle);
      if (this.#alarmAt !== undefined && this.#alarmAt <= this.clock.now()) await this.#ring();
    }
  }

  async #ring(): Promise<void> {
    const life = this.#life;
    this.#alarmAt = undefined;
    this.#ringing = true;
    void wake(this.vault)
      .catch(() => {})
      .then(() => {
        if (life.ended === undefined) this.#ringing = false;
      });
    await this.lane.traffic.settle();
  }

  #openVault(life: Life): Vault {
    const { random } = this.options;
    const config = parseConfig({ ...env, ...this.standIn.variables });
    const db = openDatabase(this.#d1(life));
    const tables = tablesFor("main");
    const background = (work: Promise<unknown>) => void work.catch(() => {});
    const wakeBy = (at: number) => {
      if (life.ended === undefined) this.#alarmAt = Math.min(this.#alarmAt ?? at, at);
    };
    const owner = Owner.parse(`faults-${this.person}`);
    const storage = life.storage(this.#storage);
    const common = { system: "main" as const, owner, clock: this.clock, log: SILENT, background, wakeBy, random };
    const vault = createVault({
      ...common,
      basePath: "/api/v1",
      mainBasePath: "/api/v1",
      // The second resource of this world is in no catalogue.
      scopePolicy: { user: { "*": ["*"] } },
      publicUrl: config.publicUrl,
      ring: createKeyRing(config.ringKeys, config.derivationSecret),
      rows: connectionRows(db, tables),
      events: eventRows(db, tables),
      erasure: erasure(db, tables),
      isShared: (row, providers) => connectionRows(db, tables).hasOther(row, providers),
      webhooks: this.receiver.endpoints,
      audit: createTrail({
        ...common,
        storage,
        rows: auditRows(db, tables),
        busy: () => vault.memory.refreshes.size > 0,
      }),
      journal: createJournal(storage),
      sender: createSender({ fetch: this.#fetch(life), clock: this.clock, log: SILENT, random }),
      provider: (id) => this.standIn.shape(findProvider(config, id) ?? refuse()),
    });
    return vault;
  }

  #fetch(life: Life) {
    const { log, weather, lane, options } = this;
    const { clock, traffic } = lane;
    const trip = () => weather.trips.shift() ?? { there: 20, back: 20 };
    const network = createNetwork(
      { app: options.app, clock, traffic, log, trip, issued: (token) => this.issued.add(token) },
      life,
    );
    return async (request: Request): Promise<Response> => {
      if (!this.receiver.isFor(request)) return network(request);
      await clock.after(HOOK_TRIP_MS).done;
      await life.unlessCrashed();
      const answer = await this.receiver.reply(await traffic.during(this.receiver.read(request)));
      await clock.after(HOOK_TRIP_MS).done;
      await life.unlessCrashed();
      return answer;
    };
  }

  #d1(life: Life): D1Database {
    const { weather, log, clock } = this;
    return faultyD1(env.DB, {
      life,
      fault: () => (weather.d1Down ? "before" : (weather.d1.shift() ?? "none")),
      latency: async () => {
        if (weather.d1LatencyMs > 0) await clock.after(weather.d1LatencyMs).done;
      },
      traffic: this.lane.traffic,
      unwritten: () => {
        log.lostAnswers += 1;
      },
    });
  }
}

function refuse(): never {
  throw failure("provider_misconfigured", "not set up");
}
