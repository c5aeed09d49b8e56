/** Trails outside of an object: own storage is a map, D1 is real or whatever a test puts in its place. */
import { env } from "cloudflare:workers";
import { createTrail, type Trail, type TrailPorts } from "../../src/connections/trail.ts";
import { type AuditRecord, type AuditRows, auditRows } from "../../src/db/audit.ts";
import { openDatabase } from "../../src/db/database.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Owner } from "../../src/lib/ids.ts";
import type { Logger } from "../../src/lib/log.ts";
import { createLife } from "../faults/life.ts";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT };

/** Main's trail in D1. */
export const rows = auditRows(openDatabase(env.DB), tablesFor("main"));

/** An owner's own storage, what was asked of the platform, and lives that can be begun on them. */
export function keeper(name: string, append: AuditRows["append"] = rows.append) {
  const owner = Owner.parse(name);
  const stored = new Map<string, unknown>();
  const work: Promise<unknown>[] = [];
  const alarms: number[] = [];
  const live = (more: Partial<TrailPorts> = {}): Trail =>
    createTrail({
      system: "main",
      owner,
      storage: createLife().storage(stored),
      rows: { append },
      clock: systemClock,
      log: SILENT,
      background: (one) => void work.push(one),
      wakeBy: (at) => void alarms.push(at),
      random: () => 0.5,
      busy: () => false,
      ...more,
    });
  return { owner, stored, alarms, live, behind: () => Promise.all(work) };
}

/** A successful refresh, or what `more` makes of it. */
export function record(owner: Owner, more: Partial<AuditRecord> = {}): AuditRecord {
  const nothing = { connection: null, code: null, providerCode: null, requestId: null, detail: null };
  const what = { actor: "ana", owner, provider: "microsoft", action: "refresh", outcome: "ok" } as const;
  return { ...nothing, ...what, at: Date.now(), ...more };
}

/** Brings `count` records into D1, the first at `at` (ms) and each a second after the one before; gives the trail. */
export async function recorded(
  name: string,
  count: number,
  at = Date.now(),
): Promise<Trail & { readonly owner: Owner }> {
  const { owner, live } = keeper(name);
  const trail = live();
  for (let index = 0; index < count; index += 1)
    await trail.append(record(owner, { at: at + index * 1_000, requestId: `r-${index + 1}` }));
  await trail.flush();
  return { ...trail, owner };
}

/** An owner's chain as D1 has it. */
export function chainOf(owner: Owner) {
  return rows.chain(owner, { after: 0, to: 1_000_000, limit: 1_000 });
}
