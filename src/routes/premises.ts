/** The house with both systems and the door: opened once per environment. */
import { createCallerVerifier, type CallerVerifier } from "../lib/caller.ts";
import type { SystemName } from "../lib/ids.ts";
import { type House, openHouse, openSystem, type System } from "../system.ts";

export type { System } from "../system.ts";

/** Everything that requests are served with. */
export interface Premises extends House {
  readonly systems: Readonly<Record<SystemName, System>>;
  readonly callers: CallerVerifier;
}

const opened = new WeakMap<Env, Premises>();

/** The premises of an environment. What is wrong with its variables is logged when they are opened, once. */
export function premisesOf(env: Env): Premises {
  const known = opened.get(env);
  if (known) return known;
  const house = openHouse(env);
  const premises = {
    ...house,
    systems: { main: openSystem(house, "main"), beta: openSystem(house, "beta") },
    callers: createCallerVerifier(house.config),
  };
  for (const { variable, message } of house.config.problems)
    house.log.error("configuration", { variable, expected: message });
  opened.set(env, premises);
  return premises;
}
