/**
 * The keeper of one owner: the only writer of that owner's connections. It lends the vault its storage, its alarm and
 * its life, judges the owner's limits, and answers a request that uses a token in one call.
 */
import { DurableObject } from "cloudflare:workers";
import { type AuditEvent, flushTrail, record } from "../connections/audit.ts";
import type { ChainHead } from "../connections/chain.ts";
import { announceExpiry } from "../connections/announce-expiry.ts";
import { disconnect, type DisconnectInput } from "../connections/disconnect.ts";
import { plan } from "../connections/due.ts";
import { announce } from "../connections/events/deliver.ts";
import { eraseOwner } from "../connections/erase.ts";
import { finish, type FinishInput } from "../connections/finish.ts";
import type { AccessGrant } from "../connections/grant.ts";
import type { Integration } from "../connections/integration.ts";
import type { Due } from "../connections/journal.ts";
import type { Lent } from "../connections/lend.ts";
import {
  listIntegrations,
  type NamedInput,
  refreshNow,
  release,
  type ReleaseInput,
  showIntegration,
} from "../connections/manage.ts";
import { reseal, type Resealed } from "../connections/reseal.ts";
import { revokeDue } from "../connections/revoke.ts";
import { start, type Started, type StartInput } from "../connections/start.ts";
import { type ConnectionSummary, summarise } from "../connections/summary.ts";
import { type Asker, syncAll, type Synced } from "../connections/sync.ts";
import { use, type UseInput } from "../connections/use.ts";
import type { Vault } from "../connections/vault.ts";
import { wake } from "../connections/wake.ts";
import { systemClock } from "../lib/clock.ts";
import { attempt, type Result } from "../lib/errors.ts";
import type { ConnectionId, MailAccountId } from "../lib/ids.ts";
import type { Bucket } from "../lib/limits.ts";
import type { Limit, LimitVerdict } from "../lib/rate-limit.ts";
import type { ShownMailAccount } from "../mail/account.ts";
import type { MailDesk } from "../mail/desk.ts";
import { type DisconnectMailInput, type MailDisconnected, disconnectMail } from "../mail/disconnect-mail.ts";
import {
  type CredentialsInput,
  type MailCredentials,
  mailCredentials,
  type MailToken,
  mailToken,
  type MailTokenInput,
} from "../mail/login.ts";
import { type Holdings, listHoldings, removeAccount, resealAccount, showAccount } from "../mail/manage-accounts.ts";
import type { MailboxNamed } from "../mail/pick.ts";
import { type MailAccountInput, saveAccount } from "../mail/save-account.ts";
import { openHouse, openSystem, readKeeperName, type System } from "../system.ts";
import { type FinishAnswer, finishAnswer, type Limited } from "./answers.ts";
import { type CountedLendInput, lendLimited } from "./lending.ts";
import { createLimiter } from "./limits.ts";
import { openDesk, openVault } from "./open-vault.ts";
import { UserLimits } from "./user-limits.ts";

/** One object per (system, owner). */
export class UserKeeper extends DurableObject<Env> {
  readonly #system: System;
  readonly #vault: Vault;
  readonly #mail: MailDesk;
  readonly #limits: UserLimits;
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { name, owner } = readKeeperName(ctx.id.name ?? "");
    this.#system = openSystem(openHouse(env), name);
    this.#vault = openVault(this.#system, owner, {
      storage: ctx.storage.kv,
      background: (work) => this.#background(work),
      wakeBy: (at) => this.#wakeBy(at),
    });
    const vault = this.#vault;
    const { config } = this.#system;
    this.#mail = openDesk(this.#system, vault);
    this.#limits = new UserLimits({ limiter: createLimiter(ctx.storage.kv, systemClock), vault, config });
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  /** A token, and the verdict of the caller's limit: all that a request with a fresh token needs. */
  async use(input: UseInput & { readonly bucket?: Bucket }): Promise<Limited<AccessGrant>> {
    return this.#limits.limited(input.bucket, () => use(this.#vault, input));
  }

  /** A token for a call that is passed on, and the verdict of its provider's limit. */
  async lend(input: CountedLendInput): Promise<Limited<Lent>> {
    const judge = (limit: Limit & { readonly bucket: string }) => this.#limits.judge(limit);
    return lendLimited({ vault: this.#vault, config: this.#system.config, judge }, input);
  }

  /** Begins a sign-in. */
  async start(input: StartInput & { readonly bucket: Bucket }): Promise<Limited<Started>> {
    return this.#limits.limited(input.bucket, () => start(this.#vault, input));
  }

  /** Completes a sign-in. */
  async finish(input: FinishInput): Promise<Result<FinishAnswer>> {
    return attempt(async () => finishAnswer(await finish(this.#vault, input)));
  }

  /** A token for the application itself. Whoever got it, and what for, is in the trail before they have it. */
  async release(input: ReleaseInput & { readonly bucket: Bucket }): Promise<Limited<AccessGrant>> {
    return this.#limits.limited(input.bucket, () => release(this.#vault, input));
  }

  /** The owner's connections, as the manager shows them. */
  async integrations(bucket: Bucket): Promise<Limited<readonly Integration[]>> {
    return this.#limits.limited(bucket, () => listIntegrations(this.#vault));
  }

  /** One of them. */
  async integration(input: { readonly id: ConnectionId; readonly bucket: Bucket }): Promise<Limited<Integration>> {
    return this.#limits.limited(input.bucket, () => showIntegration(this.#vault, input.id));
  }

  /** Refreshes one of them now. */
  async refreshNow(input: NamedInput & { readonly bucket: Bucket }): Promise<Limited<Integration>> {
    return this.#limits.limited(input.bucket, () => refreshNow(this.#vault, input));
  }

  /** Asks every provider how the owner's connections stand. */
  async sync(input: Asker & { readonly bucket: Bucket }): Promise<Limited<readonly Synced[]>> {
    return this.#limits.limited(input.bucket, () => syncAll(this.#vault, input));
  }

  /** Forgets a connection. */
  async disconnect(input: DisconnectInput & { readonly bucket?: Bucket }): Promise<Limited<ConnectionSummary>> {
    return this.#limits.limited(input.bucket, async () => summarise(await disconnect(this.#vault, input)));
  }

  /** Forgets everything of the owner but the trail. */
  async erase(input: Asker & { readonly bucket: Bucket }): Promise<Limited<number>> {
    return this.#limits.limited(input.bucket, () => eraseOwner(this.#vault, input));
  }

  /** A token for the application's mail client. */
  async mailToken(input: MailTokenInput & { readonly bucket: Bucket }): Promise<Limited<MailToken>> {
    return this.#limits.limited(input.bucket, () => mailToken(this.#mail, input));
  }

  /** What a mail account logs in with, for a login that the Worker tries. */
  async mailCredentials(
    input: CredentialsInput & { readonly bucket: Bucket | undefined },
  ): Promise<Limited<MailCredentials>> {
    return this.#limits.limited(input.bucket, () => mailCredentials(this.#mail, input));
  }

  /** Takes mail away from a grant. */
  async disconnectMail(input: DisconnectMailInput & { readonly bucket: Bucket }): Promise<Limited<MailDisconnected>> {
    return this.#limits.limited(input.bucket, () => disconnectMail(this.#mail, input));
  }

  /** Writes a mail account down. */
  async saveMailAccount(input: MailAccountInput & { readonly bucket: Bucket }): Promise<Limited<ShownMailAccount>> {
    return this.#limits.limited(input.bucket, () => saveAccount(this.#mail, input));
  }

  /** A mail account. */
  async mailAccount(input: MailboxNamed & { readonly bucket: Bucket }): Promise<Limited<ShownMailAccount>> {
    return this.#limits.limited(input.bucket, () => showAccount(this.#mail, input));
  }

  /** Removes a mail account. */
  async removeMailAccount(input: MailboxNamed & Asker & { readonly bucket: Bucket }): Promise<Limited<void>> {
    return this.#limits.limited(input.bucket, () => removeAccount(this.#mail, input));
  }

  /** Everything of the owner. */
  async holdings(bucket: Bucket): Promise<Limited<Holdings>> {
    return this.#limits.limited(bucket, () => listHoldings(this.#mail));
  }

  /** Seals a mail account's password anew with the ring's first key. */
  async resealMailAccount(id: MailAccountId): Promise<Resealed> {
    return resealAccount(this.#mail, id);
  }

  /** Seals a connection's values anew with the ring's first key. */
  async reseal(id: ConnectionId): Promise<Resealed> {
    return reseal(this.#vault, id);
  }

  /** Tells providers of what they could not be told before. Gives how much is left. */
  async revokeDue(): Promise<number> {
    return revokeDue(this.#vault);
  }

  /** Tells the application that a grant is about to die. */
  async announceExpiry(id: ConnectionId): Promise<void> {
    return announceExpiry(this.#vault, id);
  }

  /** Counts a request that needed nothing else from here. */
  async limit(bucket: Bucket): Promise<LimitVerdict> {
    return this.#limits.hit(bucket);
  }

  /** Brings D1's copy of the owner's trail up to date and gives its head. Fails as `internal` where D1 cannot be written. */
  async trail(bucket?: Bucket): Promise<Limited<ChainHead>> {
    return this.#limits.limited(bucket, () => flushTrail(this.#vault));
  }

  /** Records what happened outside of this object. */
  async note(event: AuditEvent): Promise<void> {
    await record(this.#vault, event);
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
    // What no longer counts of anybody's requests is not kept; of owners who hold nothing here it is waited for.
    const countsUntil = this.#limits.sweep();
    if (countsUntil !== undefined && this.#vault.memory.rows?.size === 0) this.#wakeBy(countsUntil);
  }

  /** Writes behind what no request waited for: limits, and when connections were used. */
  flush(): void {
    this.#limits.flush();
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
