/** Everything around one tenant's directory, so that a script can break it: its lives, its storage, the network, time. */
import { env } from "cloudflare:workers";
import { createAppTokens } from "../../src/directory/connect/app-tokens.ts";
import { type Directory, openDirectory, tellWatchers } from "../../src/directory/directory.ts";
import { work } from "../../src/directory/run/work.ts";
import { migrate } from "../../src/directory/store/schema.ts";
import { openSql, type Sql } from "../../src/directory/store/sql.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { createSender } from "../../src/lib/http.ts";
import { createVirtualClock } from "../faults/virtual-clock.ts";
import { CLIENT_ID, CLIENT_SECRET } from "../sandbox/defaults.ts";
import { beginLife, type Ending, type Life } from "./life.ts";
import { travel } from "./network.ts";
import { GRAPH, Tenant, type TenantSize } from "./tenant.ts";
import { createTraffic } from "./traffic.ts";
import { watchedLog } from "./watched-log.ts";
import { type Target, Weather } from "./weather.ts";

/** The platform rings an alarm again whose handler did not come to its end. */
const ALARM_AGAIN_MS = 2_000;
/** More alarms than that without any time between them are a loop. */
const MOST_ALARMS_AT_ONCE = 200;
/** More than that while a script lets time pass once is one, too. */
const MOST_EVENTS = 20_000;
export const START = Date.parse("2026-11-20T10:00:00Z");

/** What a hook waits for: the so-many-th request from now on for something, as it is asked or as its answer arrives. */
export interface Hook {
  readonly target: Target;
  readonly when: "asked" | "answered";
  left: number;
  readonly act: () => void;
}

/** See the head of this file. */
export class World {
  readonly clock = createVirtualClock(START);
  readonly traffic = createTraffic();
  readonly weather: Weather;
  readonly hooks = new Set<Hook>();
  /** What was wrong, in the order in which it was seen. */
  readonly broken: string[] = [];
  /** Requests so far, by what they were for. */
  readonly requests = new Map<Target, number>();
  /** How much of the tenant had been changed when a round of each was last begun. */
  readonly rounds = new Map<Target, number>();
  /** Refusals that the stand-in itself spoke since the last look, by what was asked. */
  readonly refusals = new Map<Target, number>();
  readonly sql: Sql;
  /** Rows that statements wrote while somebody counts. */
  counting: { statement: string; rows: () => number }[] | undefined;
  /** Called after everything that was written or refused. */
  look: () => void = () => {};
  life: Life;
  directory: Directory;
  readonly #secrets = [CLIENT_SECRET];
  readonly #lives: Life[] = [];
  #alarmAt: number | undefined;
  #working = false;
  /** Whether any life has written since the last look. */
  #hasWritten = false;
  #alarms = { at: 0, count: 0 };

  private constructor(
    readonly storage: DurableObjectStorage,
    readonly tenant: Tenant,
    seed: number,
  ) {
    this.weather = new Weather(seed);
    this.sql = openSql(storage);
    this.life = this.#begin();
    migrate(this.life.sql);
    this.directory = this.#open(this.life);
  }

  /** A world over an object's storage, which is emptied, with a tenant of that size. */
  static async open(storage: DurableObjectStorage, size: TenantSize): Promise<World> {
    void storage.deleteAll();
    let world: World | undefined = undefined as World | undefined;
    const tenant = await Tenant.make(size, () => world?.clock.now() ?? START);
    world = new World(storage, tenant, size.seed);
    return world;
  }

  /** Ends this life in the middle of whatever it does; the next one begins with nothing but what is stored. */
  evict(): void {
    this.#end("evicted");
    this.directory = this.#open(this.life);
  }

  /** Forgets the tenant, as its object does, and connects it again. */
  disconnect(): void {
    this.directory.memory.closed = true;
    tellWatchers(this.directory);
    this.#alarmAt = undefined;
    void this.storage.deleteAll();
    this.#end("disconnected");
    migrate(this.life.sql);
    this.directory = this.#open(this.life);
    this.tenant.changes += 1;
  }

  /** What lives wrote after the tenant was disconnected. */
  late(): string[] {
    return this.#lives.flatMap(({ late }) => late);
  }

  /** Lets time pass; alarms ring on the way, in whatever life there is then. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.#settle();
    for (let events = 0; this.broken.length === 0; events += 1) {
      if (events > MOST_EVENTS) this.broken.push(`${MOST_EVENTS} things happened within ${ms / 1000} s`);
      if (!this.#working && this.#alarmAt !== undefined && this.#alarmAt <= this.clock.now()) {
        await this.#ring();
        continue;
      }
      const alarm = this.#working ? undefined : this.#alarmAt;
      const next = Math.min(this.clock.next() ?? Infinity, alarm ?? Infinity);
      if (next > end) break;
      await this.clock.moveTo(Math.max(this.clock.now(), next), () => this.#settle());
    }
    await this.clock.moveTo(end, () => this.#settle());
  }

  /** Waits a while of the script's time. */
  async wait(ms: number): Promise<void> {
    this.traffic.leave();
    await this.clock.after(ms).done;
    this.traffic.enter();
  }

  /** An answer that does not come. */
  never(): Promise<never> {
    this.traffic.leave();
    return new Promise<never>(() => {});
  }

  /** Counts a request. Gives the how manieth of its target it is. */
  asked(target: Target): number {
    const count = (this.requests.get(target) ?? 0) + 1;
    this.requests.set(target, count);
    this.#hook(target, "asked");
    return count;
  }

  answered(target: Target): void {
    this.#hook(target, "answered");
  }

  refused(target: Target, status: number): void {
    this.refusals.set(target, status);
  }

  noteToken(text: string): void {
    const [, token] = /"access_token":"([^"]+)"/.exec(text) ?? [];
    if (token !== undefined && !this.#secrets.includes(token)) this.#secrets.push(token);
  }

  #hook(target: Target, when: Hook["when"]): void {
    for (const hook of this.hooks) {
      if (hook.target !== target || hook.when !== when) continue;
      hook.left -= 1;
      if (hook.left > 0) continue;
      this.hooks.delete(hook);
      hook.act();
    }
  }

  async #settle(): Promise<void> {
    await this.traffic.settle();
    // Most of what happens is that a request is under way: nothing is to be seen then, and to look takes long.
    if (!this.#hasWritten && this.refusals.size === 0) return;
    this.#hasWritten = false;
    this.look();
  }

  async #ring(): Promise<void> {
    const { life } = this;
    const now = this.clock.now();
    this.#alarms = this.#alarms.at === now ? { at: now, count: this.#alarms.count + 1 } : { at: now, count: 1 };
    if (this.#alarms.count > MOST_ALARMS_AT_ONCE) this.broken.push("alarms ring in a loop without any time between");
    this.#alarmAt = undefined;
    this.#working = true;
    void work(this.directory).then(
      () => {
        if (life === this.life) this.#working = false;
      },
      (cause: unknown) => this.broken.push(`an alarm threw: ${String(cause)}`),
    );
    await this.#settle();
  }

  #end(how: Ending): void {
    this.life.ended = how;
    if (how === "evicted" && this.#working)
      this.#alarmAt = Math.min(this.#alarmAt ?? Infinity, this.clock.now() + ALARM_AGAIN_MS);
    this.#working = false;
    this.life = this.#begin();
  }

  #begin(): Life {
    const life = beginLife({
      storage: this.storage,
      wrote: (statement, rows) => {
        this.#hasWritten = true;
        this.counting?.push({ statement, rows });
      },
      died: () => this.evict(),
    });
    this.#lives.push(life);
    return life;
  }

  #open(life: Life): Directory {
    const { clock, weather } = this;
    const log = watchedLog({ broken: this.broken, secrets: this.#secrets, isOver: () => life !== this.life });
    const config = parseConfig({ ...env, MICROSOFT_CLIENT_ID: CLIENT_ID });
    const random = () => weather.luck();
    const fetch = async (request: Request) => {
      this.traffic.enter();
      try {
        return await travel(this, life, request);
      } finally {
        this.traffic.leave();
      }
    };
    const sender = createSender({ fetch, clock, log, random });
    const application = { clientId: CLIENT_ID, secrets: [CLIENT_SECRET], certificate: undefined };
    return openDirectory({
      sql: life.sql,
      sender,
      tokens: createAppTokens({ config, sender, clock, log, application, tenantId: this.tenant.id }),
      graphUrl: GRAPH,
      clock,
      log,
      random,
      wakeBy: (at) => {
        if (!Number.isFinite(at)) this.broken.push(`asked to be woken at ${at}`);
        else if (life === this.life) this.#alarmAt = Math.min(this.#alarmAt ?? at, at);
      },
    });
  }
}
