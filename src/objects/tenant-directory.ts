/**
 * The directory of one organisation's tenant: the only writer of its copy, in its own SQLite. Its alarm carries the run
 * that is under way; whatever ends this life of the object, the next one goes on where the last page was written.
 */
import { DurableObject } from "cloudflare:workers";
import { type Connection, openConnection } from "../directory/connect/connection.ts";
import { disconnect, goOnDisconnecting } from "../directory/connect/disconnect.ts";
import { graphUrlOf } from "../directory/connect/endpoints.ts";
import { resealTenant } from "../directory/connect/reseal.ts";
import { type SetupAnswer, type SetupInput, setUp } from "../directory/connect/setup.ts";
import { type DirectoryStatus, statusOf } from "../directory/connect/status.ts";
import type { Resealed } from "../connections/reseal.ts";
import { openDatabase } from "../db/database.ts";
import { tenantRows } from "../db/tenants.ts";
import { openDirectory, type Directory, tellWatchers } from "../directory/directory.ts";
import type { Answer, Question } from "../directory/read/question.ts";
import { answer } from "../directory/read/read.ts";
import type { SyncType } from "../directory/resources.ts";
import { approveRun } from "../directory/run/approve.ts";
import { beginRun } from "../directory/run/begin.ts";
import { cancelRun } from "../directory/run/cancel.ts";
import { overview } from "../directory/run/overview.ts";
import { runProgress, type RunProgress } from "../directory/run/progress.ts";
import { findRun, listRuns } from "../directory/run/records.ts";
import { changeIntervals, type Schedule, startDue } from "../directory/run/schedule.ts";
import { type RunPage, showRun, type ShownRun } from "../directory/run/show.ts";
import { work } from "../directory/run/work.ts";
import { migrate } from "../directory/store/schema.ts";
import { openSql } from "../directory/store/sql.ts";
import { systemClock } from "../lib/clock.ts";
import { attempt, failure, type Result } from "../lib/errors.ts";
import { type House, openHouse } from "../system.ts";

/** One object per organisation that has connected a tenant; its name is the organisation. */
export class TenantDirectory extends DurableObject<Env> {
  readonly #house: House;
  readonly #connection: Connection;
  #directory: Directory;
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#house = openHouse(env);
    this.#connection = this.#connect();
    this.#directory = this.#open();
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  /** Connects a tenant. Failures: those of {@link setUp}. */
  async setup(input: SetupInput): Promise<Result<SetupAnswer>> {
    return attempt(() => setUp(this.#connection, input));
  }

  /** How the connection and the copy stand. */
  async status(): Promise<DirectoryStatus> {
    const status = await statusOf(this.#connection);
    return status.connected ? { ...status, ...overview(this.#directory, status.tenant.id) } : status;
  }

  /** Forgets the tenant and its copy, also in the middle of a run. */
  async disconnect(): Promise<Result<null>> {
    return attempt(async () => {
      await disconnect(this.#connection);
      return null;
    });
  }

  /** Seals the credential anew with the ring's first key. */
  async reseal(): Promise<Resealed> {
    return resealTenant(this.#connection);
  }

  /** Begins a run. Failures: `not_connected`; `conflict` with the id of the run that is under way. */
  async sync(type: SyncType): Promise<Result<{ readonly run_id: string; readonly tenant: string }>> {
    return attempt(async () => {
      const tenant = await this.#tenant();
      const outcome = beginRun(this.#directory, { type, cause: "request" });
      if ("begun" in outcome) return { run_id: outcome.begun.id, tenant };
      throw failure("conflict", "A run that reads the same is under way.", { extra: { run_id: outcome.running.id } });
    });
  }

  /** Lets a held run go on. Failures: those of {@link approveRun}. */
  async approve(id: string): Promise<Result<{ readonly run: ShownRun; readonly tenant: string }>> {
    return attempt(async () => {
      const tenant = await this.#tenant();
      return { run: this.#shown(approveRun(this.#directory, id)), tenant };
    });
  }

  /** Answers a question about the copy. Failures: `not_connected`; those of {@link answer}. */
  async read(question: Question): Promise<Result<Answer>> {
    const tenant = await attempt(() => this.#tenant());
    return tenant.ok ? answer(this.#directory.sql, question) : tenant;
  }

  /** Ends a run that is under way. Failures: those of {@link cancelRun}. */
  async cancel(id: string): Promise<Result<{ readonly run: ShownRun; readonly tenant: string }>> {
    return attempt(async () => {
      const tenant = await this.#tenant();
      return { run: this.#shown(cancelRun(this.#directory, id)), tenant };
    });
  }

  /** Runs, newest first; `next`: where the following page begins. */
  async runs(page: { readonly before: number | undefined; readonly limit: number }): Promise<Result<RunPage>> {
    return attempt(async () => {
      await this.#tenant();
      const runs = listRuns(this.#directory.sql, page);
      const next = runs.length === page.limit ? runs.at(-1)?.r : undefined;
      return { runs: runs.map((run) => this.#shown(run)), next };
    });
  }

  /** One run. Failure: `not_found`. */
  async run(id: string): Promise<Result<ShownRun>> {
    return attempt(async () => {
      await this.#tenant();
      const run = findRun(this.#directory.sql, id);
      if (!run) throw failure("not_found", "There is no such run.");
      return this.#shown(run);
    });
  }

  /** The run as it stands once it has come further than `since`. See {@link runProgress}. */
  async progress(asked: {
    readonly id: string;
    readonly since: number | undefined;
    readonly waitMs: number;
  }): Promise<Result<RunProgress>> {
    return attempt(async () => {
      await this.#tenant();
      return runProgress(this.#directory, asked);
    });
  }

  /** Changes how often the tenant is read. */
  async schedule(change: Parameters<typeof changeIntervals>[1]): Promise<Result<Schedule>> {
    return attempt(async () => {
      await this.#tenant();
      const intervals = changeIntervals(this.#directory.sql, change);
      // Sooner than it was, perhaps: the next tick asks.
      await this.#connection.rows.makeDue(this.#connection.org, systemClock.now());
      return intervals;
    });
  }

  /** Begins what is due by the schedule. Gives when to ask again, ms. */
  async startDue(): Promise<{ readonly nextDueAt: number; readonly started: boolean }> {
    return startDue(this.#directory, await this.#tenant());
  }

  /** Goes on with the run that is under way, or with a disconnect that has come to no end. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    if (await goOnDisconnecting(this.#connection)) return;
    await work(this.#directory);
  }

  #shown(run: Parameters<typeof showRun>[1]): ShownRun {
    return showRun(this.#directory.sql, run, systemClock.now());
  }

  /** The id of the tenant. Failure: `not_connected`. */
  async #tenant(): Promise<string> {
    return this.#connection.tenantId();
  }

  #connect(): Connection {
    const { env, log, ...house } = this.#house;
    const org = this.ctx.id.name ?? "";
    return openConnection({
      ...house,
      org,
      rows: tenantRows(openDatabase(env.DB)),
      clock: systemClock,
      log: log.with({ org }),
      sql: openSql(this.ctx.storage),
      forget: () => this.#forget(),
      wakeBy: (at) => this.#wakeBy(at),
    });
  }

  /** In one turn, so that nothing meets a database without tables; what is on its way finds its directory closed. */
  #forget(): void {
    this.#directory.memory.closed = true;
    tellWatchers(this.#directory);
    this.#alarmAt = null;
    void this.ctx.storage.deleteAlarm();
    void this.ctx.storage.deleteAll();
    this.#directory = this.#open();
  }

  #open(): Directory {
    const { config, sender, log } = this.#house;
    const sql = openSql(this.ctx.storage);
    migrate(sql);
    return openDirectory({
      sql,
      sender,
      tokens: this.#connection.tokens,
      graphUrl: graphUrlOf(config),
      clock: systemClock,
      log: log.with({ org: this.ctx.id.name }),
      wakeBy: (at) => this.#wakeBy(at),
      random: Math.random,
    });
  }

  #wakeBy(at: number): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}
