/** The directory of one tenant: what everything in this folder works on. Built by its object, once per life of it. */
import type { Clock } from "../lib/clock.ts";
import type { Sender } from "../lib/http.ts";
import type { Logger } from "../lib/log.ts";
import type { Workload } from "./resources.ts";
import type { Outcome } from "./run/outcome.ts";
import type { Sql } from "./store/sql.ts";

/** Tokens of the application for Microsoft Graph. */
export interface AppTokenSource {
  /** A token that lives. Failures: those of the token endpoint, such as `provider_misconfigured`. */
  token(): Promise<{ readonly accessToken: string; readonly ticket: string }>;
  /** Graph has refused that token: the next one is a fresh one. */
  refused(ticket: string): void;
}

/** What a directory is given. */
export interface DirectoryPorts {
  readonly sql: Sql;
  readonly sender: Sender;
  readonly tokens: AppTokenSource;
  /** Scheme and host of Graph, without the version. */
  readonly graphUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asks to be woken at that time at the latest, ms. */
  wakeBy(at: number): void;
  random(): number;
  /** Time that the work of one alarm may take, ms. */
  readonly budgetMs?: number;
}

/** One tenant's directory. */
export interface Directory extends DirectoryPorts {
  readonly memory: DirectoryMemory;
}

/** The pace of a workload. Times in ms since the epoch. */
export interface Pace {
  /** When it was asked last, as often as its limit counts; oldest first. */
  readonly asked: readonly number[];
  readonly notBefore: number;
}

/** What one life of the object knows. All of it may be lost. */
export interface DirectoryMemory {
  /** When each workload was asked, and from when on it may be asked again. */
  readonly pace: Map<Workload, Pace>;
  /** Those who wait for progress. */
  readonly watchers: Set<() => void>;
  /** Pages that were asked for before their turn, by address. */
  readonly ahead: Map<string, Promise<Outcome>>;
  /** What the application's token says that it may, where it says so: for telling refusals apart alone. */
  roles: readonly string[] | undefined;
  /** How often in a row the work of an alarm has ended by a defect of ours. */
  defects: number;
  /** True once the tenant was disconnected: what is still on its way must not be written. */
  closed: boolean;
}

/** Opens a directory over its database. */
export function openDirectory(ports: DirectoryPorts): Directory {
  return {
    ...ports,
    memory: { pace: new Map(), watchers: new Set(), ahead: new Map(), roles: undefined, defects: 0, closed: false },
  };
}

/** Tells those who wait that a run has come further. */
export function tellWatchers({ memory }: Directory): void {
  const waiting = [...memory.watchers];
  memory.watchers.clear();
  for (const wake of waiting) wake();
}
