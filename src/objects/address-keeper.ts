/** The keeper of one client address: limits of requests that carry no user. */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../lib/clock.ts";
import { parseConfig } from "../lib/config.ts";
import { type Bucket, limitFor } from "../lib/limits.ts";
import type { LimitVerdict } from "../lib/rate-limit.ts";
import { createLimiter } from "./limits.ts";

/** One object per client address (an IPv6 /64 counts as one). */
export class AddressKeeper extends DurableObject<Env> {
  readonly #limiter = createLimiter(this.ctx.storage.kv, systemClock);
  readonly #config = parseConfig(this.env as unknown as Record<string, unknown>);

  /** Judges one request of this address. */
  async limit(bucket: Bucket): Promise<LimitVerdict> {
    const limit = limitFor(this.#config, bucket);
    const verdict = this.#limiter.hit(limit);
    this.#limiter.flush();
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null) await this.ctx.storage.setAlarm(Date.now() + limit.windowMs);
    return verdict;
  }

  /** Forgets the address once nothing counts any more, so that addresses do not pile up. */
  override async alarm(): Promise<void> {
    const again = this.#limiter.sweep(limitFor(this.#config, "callback").windowMs);
    if (again === undefined) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(again);
  }
}
