/** What can happen to one owner's connection, as fast-check makes it up. */
import * as fc from "fast-check";
import type { D1Fault } from "./faulty-d1.ts";
import type { Ending } from "./life.ts";
import type { Trip } from "./network.ts";
import type { Rotation } from "./lane.ts";

/** One step. */
export type Step =
  | { readonly do: "use"; readonly resource: "graph" | "outlook"; readonly rejectLast: boolean }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "end-life"; readonly how: Ending }
  | { readonly do: "d1"; readonly faults: readonly D1Fault[]; readonly latencyMs: number }
  | { readonly do: "trips"; readonly trips: readonly Trip[] }
  | { readonly do: "d1-down"; readonly down: boolean }
  | { readonly do: "disconnect" | "reconnect" | "revoke-at-provider" };

const HOUR_MS = 3_600_000;

const trip: fc.Arbitrary<Trip> = fc.record(
  {
    there: fc.constantFrom(5, 400, 9_000, 27_000),
    back: fc.constantFrom(5, 400, 9_000, 27_000),
    loses: fc.constantFrom("request", "answer", "gateway", "throttle"),
  },
  { requiredKeys: ["there", "back"] },
);

const d1Fault = fc.constantFrom<D1Fault>("none", "before", "after");

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("use" as const),
      resource: fc.constantFrom("graph", "graph", "outlook"),
      rejectLast: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(3, 50, 500, 2_000, 12_000, 40_000, HOUR_MS, 2 * HOUR_MS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("end-life" as const), how: fc.constantFrom<Ending>("shutdown", "crash") }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("d1" as const),
      faults: fc.array(d1Fault, { maxLength: 6 }),
      latencyMs: fc.constantFrom(0, 10, 700, 8_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("trips" as const), trips: fc.array(trip, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("d1-down" as const), down: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "disconnect" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "reconnect" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "revoke-at-provider" }) },
);

/** A schedule of up to 25 steps, and how the provider rotates. */
export const schedule = fc.record({
  rotation: fc.constantFrom<Rotation>("keep", "rotate", "family", "notion"),
  steps: fc.array(step, { minLength: 3, maxLength: 25 }),
  seed: fc.nat(),
});
