/** Wakes the directories of tenants that are to be read by their schedule. */
import { openDatabase } from "../db/database.ts";
import { type NamedTenant, type TenantRows, tenantRows } from "../db/tenants.ts";
import { systemClock } from "../lib/clock.ts";
import type { System } from "../system.ts";
import { askKeepers } from "./ask-keepers.ts";
import type { Job, JobCounts } from "./job.ts";

/**
 * What a tick leaves over, the next one takes: those that have waited longest come first. By the usual intervals a tenant
 * is woken four times an hour: of 10,000 tenants 3,334 a tick. A Worker may ask 10,000 times.
 */
const MOST_PER_TICK = 4_000;
/** So many are taken and put off by one statement each: a tick that is ended loses no more than these. */
const AT_ONCE = 1_000;
/** One that does not answer is due again after this. */
const AGAIN_MS = 5 * 60_000;

/** For so long a tick takes more of them: what it has put off by {@link AGAIN_MS} must be woken before that is over. */
const TAKING_MS = 4 * 60_000;

/** What a tick works with. */
export interface Tick {
  readonly rows: TenantRows;
  /** Wakes one directory. Gives when it is due again, ms since the epoch. */
  readonly start: (tenant: NamedTenant) => Promise<{ readonly nextDueAt: number }>;
  readonly now: number;
}

/** Begins what is due of every tenant, {@link MOST_PER_TICK} tenants at most. */
export const startTenantRuns: Job = (system, now) => {
  const { TENANT_DIRECTORY, DB } = system.env;
  const rows = tenantRows(openDatabase(DB));
  const start = ({ org }: NamedTenant) => TENANT_DIRECTORY.get(TENANT_DIRECTORY.idFromName(org)).startDue();
  return startDueTenants(system, { rows, start, now });
};

/**
 * One tick. Every tenant is put off before it is woken, so that a tick that is ended, or one that comes before the last has
 * ended, wakes nobody twice and forgets nobody.
 */
export async function startDueTenants(system: System, tick: Tick): Promise<JobCounts> {
  const last = systemClock.now() + TAKING_MS;
  let [due, woken] = [0, 0];
  while (due < MOST_PER_TICK && systemClock.now() < last) {
    const some = await startSome(system, tick);
    due += some.due;
    woken += some.woken;
    if (some.due < AT_ONCE) break;
  }
  return { due, woken };
}

async function startSome(
  system: System,
  { rows, start, now }: Tick,
): Promise<{ readonly due: number; readonly woken: number }> {
  const until = now + AGAIN_MS;
  const due = await rows.claimDue({ now, until, limit: AT_ONCE });
  const answered = await askKeepers(system, due, {
    what: "start_tenant_runs",
    ask: async (tenant) => ({ id: tenant.id, at: (await start(tenant)).nextDueAt }),
  });
  if (answered.length > 0) await rows.setDue(answered, until);
  return { due: due.length, woken: answered.length };
}
