/** The real D1 with faults in front of it: a query fails before it is run, or after, or waits. */
import type { Life } from "./life.ts";
import type { Traffic } from "./virtual-clock.ts";

/** What happens to a query. `before`: it never ran. `after`: it ran, and nobody heard. */
export type D1Fault = "none" | "before" | "after";

/** What becomes of each query, on behalf of one life of an object. */
export interface D1Weather {
  readonly life: Life;
  readonly traffic: Traffic;
  readonly fault: () => D1Fault;
  /** Comes back when D1 has taken its time. */
  readonly latency: () => Promise<void>;
  /** Is told when a life that cannot keep anything itself could not write either. */
  readonly unwritten: () => void;
}

/** The real statement behind a faulty one. */
const REAL = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
const RUNS = new Set(["run", "all", "raw", "first"]);

/** A D1 whose queries go through the weather. */
export function faultyD1(real: D1Database, weather: D1Weather): D1Database {
  return new Proxy(real, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => faultyStatement(target.prepare(sql), weather);
      // One query and one transaction: it never ran, or all of it did.
      if (name === "batch")
        return (all: D1PreparedStatement[]) =>
          query(() => target.batch(all.map((one) => REAL.get(one) ?? one)), weather);
      throw new Error(`the schedule does not know D1's ${String(name)}`);
    },
  });
}

function faultyStatement(real: D1PreparedStatement, weather: D1Weather): D1PreparedStatement {
  const faulty: D1PreparedStatement = new Proxy(real, {
    get(target, name) {
      if (name === "bind") return (...values: unknown[]) => faultyStatement(target.bind(...values), weather);
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || !RUNS.has(String(name))) return method;
      const run = (...values: unknown[]) => Reflect.apply(method, target, values) as Promise<unknown>;
      return (...values: unknown[]) => query(() => run(...values), weather);
    },
  });
  REAL.set(faulty, real);
  return faulty;
}

async function query(run: () => Promise<unknown>, weather: D1Weather): Promise<unknown> {
  const { life } = weather;
  await weather.latency();
  if (life.ended === "crash") weather.unwritten();
  await life.unlessCrashed();
  const fault = weather.fault();
  if (fault !== "none" && life.ended === "shutdown") weather.unwritten();
  if (fault === "before") throw new Error("D1_ERROR: network connection lost");
  const result = await weather.traffic.during(run());
  await life.unlessCrashed();
  if (fault === "after") throw new Error("D1_ERROR: internal error");
  return result;
}
