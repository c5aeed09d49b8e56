/**
 * The keeper of one owner: the only writer of that owner's connections. It lends the vault its storage, its alarm and
 * its life, judges the owner's limits, and answers a request that uses a token in one call.
 */
import { DurableObject } from "cloudflare:workers";
import { disconnect } from "../connections/disconnect.ts";
import { plan } from "../connections/due.ts";
import { announce } from "../connections/events/deliver.ts";
import { finish, type FinishInput } from "../connections/finish.ts";
import type { AccessGrant } from "../connections/grant.ts";
import { createJournal, type Due } from "../connections/journal.ts";
import { start, type Started, type StartInput } from "../connections/start.ts";
import { type ConnectionSummary, summarise } from "../connections/summary.ts";
import { use, type UseInput } from "../connections/use.ts";
import { noteUses } from "../connections/uses.ts";
import { createTrail, type Trail } from "../connections/trail.ts";
import { createVault, type Vault } from "../connections/vault.ts";
import { wake } from "../connections/wake.ts";
import { systemClock } from "../lib/clock.ts";
import { attempt, type FailureData, type Result } from "../lib/errors.ts";
import { type ConnectionId, Owner, SYSTEMS } from "../lib/ids.ts";
import { type Bucket, limitFor } from "../lib/limits.ts";
import type { LimitVerdict } from "../lib/rate-limit.ts";
import { openHouse, openSystem, type System } from "../system.ts";
import { createLimiter } from "./limits.ts";

/** An answer of a limited call. Without `result` the limit refused it. */
export interface Limited<T> {
  readonly limit?: LimitVerdict;
  readonly result?: Result<T>;
}

/** How a sign-in ended, as it crosses RPC. */
export interface FinishAnswer {
  readonly returnTo?: string;
  readonly connection?: ConnectionSummary;
  readonly failure?: FailureData;
}

/** Write-behind: sooner than a Durable Object goes to sleep (10 s), ms. */
const FLUSH_AFTER_MS = 5_000;

/** One object per (system, owner). */
export class UserKeeper extends DurableObject<Env> {
  readonly #system: System;
  readonly #vault: Vault;
  readonly #limiter = createLimiter(this.ctx.storage.kv, systemClock);
  #alarmAt: number | null = null;
  #flushTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { name, owner } = readName(ctx.id.name ?? "");
    this.#system = openSystem(openHouse(env), name);
    this.#vault = this.#openVault(owner);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  /** A token, and the verdict of the caller's limit: all that a request with a fresh token needs. */
  async use(input: UseInput & { readonly bucket?: Bucket }): Promise<Limited<AccessGrant>> {
    return this.#limited(input.bucket, () => use(this.#vault, input));
  }

  /** Begins a sign-in. */
  async start(input: StartInput & { readonly bucket: Bucket }): Promise<Limited<Started>> {
    return this.#limited(input.bucket, () => start(this.#vault, input));
  }

  /** Completes a sign-in. */
  async finish(input: FinishInput): Promise<Result<FinishAnswer>> {
    return attempt(async () => {
      const finished = await finish(this.#vault, input);
      const returnTo = finished.returnTo === undefined ? {} : { returnTo: finished.returnTo };
      if ("failure" in finished) return { ...returnTo, failure: finished.failure.toData() };
      return { ...returnTo, connection: summarise(finished.connection) };
    });
  }

  /** Forgets a connection. */
  async disconnect(input: {
    readonly id: ConnectionId;
    readonly actor: string;
    readonly requestId?: string;
  }): Promise<Result<ConnectionSummary>> {
    return attempt(async () => summarise(await disconnect(this.#vault, input)));
  }

  /** Counts a request that needed nothing else from here. */
  async limit(bucket: Bucket): Promise<LimitVerdict> {
    return this.#hit(bucket);
  }

  /** Plans a refresh for the alarm. */
  async refreshBy(id: ConnectionId, due: Due): Promise<void> {
    plan(this.#vault, id, due);
  }

  /** Delivers what is due of the owner's events, by the alarm. */
  async deliver(): Promise<void> {
    announce(this.#vault);
  }

  /** Rings when something is due. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    await wake(this.#vault);
  }

  /** Writes behind what no request waited for: limits, and when connections were used. */
  flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
    this.#limiter.flush();
    noteUses(this.#vault);
  }

  async #limited<T>(bucket: Bucket | undefined, act: () => Promise<T>): Promise<Limited<T>> {
    if (bucket === undefined) return { result: await attempt(act) };
    const limit = this.#hit(bucket);
    return limit.allowed ? { limit, result: await attempt(act) } : { limit };
  }

  #hit(bucket: Bucket): LimitVerdict {
    const verdict = this.#limiter.hit(limitFor(this.#system.config, bucket));
    this.#flushTimer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS);
    return verdict;
  }

  #openVault(owner: Owner): Vault {
    const { name, basePath, mainBasePath, config, ring, rows, sender, log } = this.#system;
    return createVault({
      system: name,
      owner,
      basePath,
      mainBasePath,
      publicUrl: config.publicUrl,
      scopePolicy: config.scopePolicy,
      ring,
      rows,
      events: this.#system.events,
      webhooks: config.webhooks,
      audit: this.#openTrail(owner),
      journal: createJournal(this.ctx.storage.kv),
      sender,
      clock: systemClock,
      log: log.with({ system: name, owner }),
      provider: (id) => this.#system.provider(id),
      background: (work) => this.#background(work),
      wakeBy: (at) => this.#wakeBy(at),
      random: Math.random,
    });
  }

  #openTrail(owner: Owner): Trail {
    const { name: system, audit: rows, log } = this.#system;
    return createTrail({
      system,
      owner,
      storage: this.ctx.storage.kv,
      rows,
      clock: systemClock,
      log: log.with({ system, owner }),
      background: (work) => this.#background(work),
      wakeBy: (at) => this.#wakeBy(at),
      random: Math.random,
      busy: () => this.#vault.memory.refreshes.size > 0,
    });
  }

  #background(work: Promise<unknown>): void {
    this.ctx.waitUntil(work.catch((cause: unknown) => this.#vault.log.warn("background work failed", { cause })));
  }

  #wakeBy(at: number): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}

/** `main:ana` → its parts. The name is the only thing that says whose keeper this is. */
function readName(text: string): { name: (typeof SYSTEMS)[number]; owner: Owner } {
  const name = SYSTEMS.find((system) => text.startsWith(`${system}:`));
  if (!name) throw new Error("a keeper's name begins with its system");
  return { name, owner: Owner.parse(text.slice(name.length + 1)) };
}
