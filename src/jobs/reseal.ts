/** Seals what an older key sealed anew with the first key of the ring, so that the older one can be taken off. */
import * as z from "zod";
import { openDatabase } from "../db/database.ts";
import { tenantRows } from "../db/tenants.ts";
import { SYSTEM_OWNER } from "../lib/ids.ts";
import type { Resealed } from "../connections/reseal.ts";
import type { System } from "../system.ts";
import { askKeepers } from "./ask-keepers.ts";
import type { Job } from "./job.ts";

const MOST_PER_TICK = 2_000;
const NAME = "reseal";
const TENANTS = "reseal_tenants";
const MAIL = "reseal_mail";

const State = z.object({ key: z.string(), after: z.string() });

/** Goes through the rows in the order of their ids, a part at each tick: one that cannot be opened holds up nobody. */
export const reseal: Job = async (system, now) => {
  const { id: key } = await system.ring.sealing();
  const round = { system, key, now };
  const connections = await resealPart(round, {
    name: NAME,
    find: (window) => system.upkeep.sealedOtherwise(window),
    ask: ({ owner, id }) => system.keeper(owner).reseal(id),
    rotated: (from) => recordRotation(system, from, key),
  });
  const mail = await resealPart(round, {
    name: MAIL,
    find: (window) => system.mailAccounts.sealedOtherwise(window),
    ask: ({ owner, id }) => system.keeper(owner).resealMailAccount(id),
    rotated: () => Promise.resolve(),
  });
  // Tenants belong to no system: main's tick is enough.
  const tenants = system.name === "main" ? [await resealTenants(round)] : [];
  return [mail, ...tenants].reduce(sum, connections);
};

interface Round {
  readonly system: System;
  readonly key: string;
  readonly now: number;
}

function resealTenants(round: Round): Promise<Counts> {
  const { TENANT_DIRECTORY, DB } = round.system.env;
  const rows = tenantRows(openDatabase(DB));
  return resealPart(round, {
    name: TENANTS,
    find: (window) => rows.sealedOtherwise(window),
    ask: ({ org }) => TENANT_DIRECTORY.get(TENANT_DIRECTORY.idFromName(org)).reseal(),
    rotated: () => Promise.resolve(),
  });
}

interface Part<T> {
  /** Under which the round is remembered in job_state. */
  readonly name: string;
  readonly find: (window: { readonly key: string; readonly after: string; readonly limit: number }) => Promise<T[]>;
  readonly ask: (row: T) => Promise<Resealed>;
  /** Called once where the sealing key is another than in the round before. */
  readonly rotated: (from: string) => Promise<unknown>;
}

type Counts = Readonly<Record<"found" | "resealed" | "lost" | "busy", number>>;

async function resealPart<T extends { readonly id: string }>(
  { system, key, now }: Round,
  { name, find, ask, rotated }: Part<T>,
): Promise<Counts> {
  const state = State.safeParse(await system.jobState.get(name)).data;
  if (state && state.key !== key) await rotated(state.key);
  const after = state?.key === key ? state.after : "";
  const rows = await find({ key, after, limit: MOST_PER_TICK });
  const outcomes = await askKeepers(system, rows, { what: name, ask });
  const last = rows.length === MOST_PER_TICK ? (rows.at(-1)?.id ?? "") : "";
  await system.jobState.put(name, { key, after: last }, now);
  const count = (wanted: Resealed) => outcomes.filter((outcome) => outcome === wanted).length;
  return { found: rows.length, resealed: count("resealed"), lost: count("lost"), busy: count("busy") };
}

function sum(a: Counts, b: Counts): Counts {
  return {
    found: a.found + b.found,
    resealed: a.resealed + b.resealed,
    lost: a.lost + b.lost,
    busy: a.busy + b.busy,
  };
}

function recordRotation(system: System, from: string, to: string): Promise<unknown> {
  const detail = { from, to };
  return system.keeper(SYSTEM_OWNER).note({ action: "key_rotation", outcome: "ok", actor: "latchkey", detail });
}
