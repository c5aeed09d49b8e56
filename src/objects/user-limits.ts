/** The limits of one owner: judged in memory, written behind together with when connections were used. */
import { noteUses } from "../connections/uses.ts";
import type { Vault } from "../connections/vault.ts";
import type { Config } from "../lib/config.ts";
import { attempt } from "../lib/errors.ts";
import { type Bucket, limitFor, longestUserWindowMs } from "../lib/limits.ts";
import type { Limit, LimitVerdict } from "../lib/rate-limit.ts";
import type { Limited } from "./answers.ts";
import type { Limiter } from "./limits.ts";

/** Write-behind: sooner than a Durable Object goes to sleep (10 s), ms. */
const FLUSH_AFTER_MS = 5_000;

/** What the limits of an owner are judged with. */
interface Judged {
  readonly limiter: Limiter;
  readonly vault: Vault;
  readonly config: Config;
}

/** See the head of this file. */
export class UserLimits {
  readonly #by: Judged;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(by: Judged) {
    this.#by = by;
  }

  /** Judges a request, and does it where it may be done. Without a bucket it always may. */
  async limited<T>(bucket: Bucket | undefined, act: () => Promise<T>): Promise<Limited<T>> {
    if (bucket === undefined) return { result: await attempt(act) };
    const limit = this.hit(bucket);
    return limit.allowed ? { limit, result: await attempt(act) } : { limit };
  }

  /** Counts a request of a bucket. */
  hit(bucket: Bucket): LimitVerdict {
    return this.judge(limitFor(this.#by.config, bucket));
  }

  /** Counts a request of any limit. */
  judge(limit: Limit & { readonly bucket: string }): LimitVerdict {
    const verdict = this.#by.limiter.hit(limit);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS);
    return verdict;
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    const { vault, limiter } = this.#by;
    // An object that is being shut down would be stopped by it, and the answer of a refresh with it.
    const busy = vault.memory.refreshes.size > 0;
    this.#timer = busy ? setTimeout(() => this.flush(), FLUSH_AFTER_MS) : null;
    if (!busy) limiter.flush();
    noteUses(vault);
  }

  /** Removes what no longer counts from storage; gives when to ask again, ms, or undefined where nothing is left. */
  sweep(): number | undefined {
    return this.#by.limiter.sweep(longestUserWindowMs(this.#by.config));
  }
}
