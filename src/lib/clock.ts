/** Time as a port, so that tests pass it in. All times are milliseconds since the epoch. */
export interface Clock {
  /** The current time, ms. */
  now(): number;
  /** Resolves after `ms`; `cancel` ends the wait early without resolving. */
  after(ms: number): Timer;
}

/** A wait that can be given up. */
export interface Timer {
  readonly done: Promise<void>;
  cancel(): void;
}

/** The platform's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms) {
    let handle: ReturnType<typeof setTimeout> | null = null;
    const done = new Promise<void>((resolve) => {
      handle = setTimeout(resolve, ms);
    });
    return { done, cancel: () => void (handle !== null && clearTimeout(handle)) };
  },
};

/** Epoch milliseconds as RFC 3339 UTC. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
