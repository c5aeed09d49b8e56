import { DEFAULT_ORIGINS } from "./defaults.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { SandboxStore } from "./store.ts";

/** What is configured from outside and never stored, so that a restart may change it. */
export interface SandboxConfig {
  /** The origins whose callbacks the default application registers. */
  origins?: readonly string[];
}

/** What a sandbox is made from. `now` is in milliseconds and defaults to the real clock. */
export interface SandboxOptions {
  store: SandboxStore;
  now?: () => number;
  config?: SandboxConfig;
}

/** Everything a handler may touch. */
export interface World {
  store: SandboxStore;
  origins: readonly string[];
  /** The sandbox's idea of the time in milliseconds, shifted by its clock control. */
  now: () => number;
  settings: () => Settings;
  /** How many requests each mailbox is serving at this moment. */
  busy: Map<string, number>;
}

const CLOCK = "clock";

/** Builds the world of one sandbox. */
export function createWorld({ store, now = Date.now, config = {} }: SandboxOptions): World {
  return {
    store,
    origins: config.origins ?? DEFAULT_ORIGINS,
    now: () => now() + (store.get<number>(CLOCK) ?? 0),
    settings: () => readSettings(store),
    busy: new Map(),
  };
}

/** Moves the clock by so many milliseconds, forwards or back. */
export function shiftClock(world: World, byMs: number): void {
  world.store.put(CLOCK, (world.store.get<number>(CLOCK) ?? 0) + byMs);
}

/** Puts the clock back to the real time. */
export function resetClock(world: World): void {
  world.store.delete(CLOCK);
}
