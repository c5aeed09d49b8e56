/** Seals what an older key sealed anew with the first key of the ring, so that the older one can be taken off. */
import * as z from "zod";
import { SYSTEM_OWNER } from "../lib/ids.ts";
import type { System } from "../system.ts";
import { askKeepers } from "./ask-keepers.ts";
import type { Job } from "./job.ts";

const MOST_PER_TICK = 2_000;
const NAME = "reseal";

const State = z.object({ key: z.string(), after: z.string() });

/** Goes through the rows in the order of their ids, a part at each tick: one that cannot be opened holds up nobody. */
export const reseal: Job = async (system, now) => {
  const { id: key } = await system.ring.sealing();
  const state = State.safeParse(await system.jobState.get(NAME)).data;
  if (state && state.key !== key) await recordRotation(system, state.key, key);
  const after = state?.key === key ? state.after : "";
  const rows = await system.upkeep.sealedOtherwise({ key, after, limit: MOST_PER_TICK });
  const outcomes = await askKeepers(system, rows, {
    what: NAME,
    ask: ({ owner, id }) => system.keeper(owner).reseal(id),
  });
  const last = rows.length === MOST_PER_TICK ? (rows.at(-1)?.id ?? "") : "";
  await system.jobState.put(NAME, { key, after: last }, now);
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  return { found: rows.length, resealed: count("resealed"), lost: count("lost"), busy: count("busy") };
};

function recordRotation(system: System, from: string, to: string): Promise<unknown> {
  const detail = { from, to };
  return system.keeper(SYSTEM_OWNER).note({ action: "key_rotation", outcome: "ok", actor: "latchkey", detail });
}
