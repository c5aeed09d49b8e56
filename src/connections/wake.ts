/** What a keeper does when its alarm rings: everything that is due, and the next alarm is set by what is left. */
import { runDue } from "./due.ts";
import { deliver } from "./events/deliver.ts";
import { goOnErasing } from "./erase.ts";
import { revokeDue } from "./revoke.ts";
import { healRows } from "./rows.ts";
import { purgeFlows } from "./start.ts";
import type { Vault } from "./vault.ts";

const TRY_AGAIN_MS = 60_000;
/** Refreshes that are due may take so long of one alarm: what stands behind them must get its turn. */
const REFRESHING_MS = 60_000;

/** Purges, heals, refreshes and brings the trail to D1. Never throws: the platform drops an alarm that failed six times. */
export async function wake(vault: Vault): Promise<void> {
  // Nothing here waits for a receiver: the next alarm could not ring before this one has ended.
  vault.background(deliver(vault));
  try {
    const purged = purgeFlows(vault);
    const left = await healRows(vault);
    const refreshed = await runDue(vault, vault.clock.now() + REFRESHING_MS);
    await revokeDue(vault);
    await goOnErasing(vault);
    await vault.audit.settle();
    vault.log.info("keeper alarm", { owner: vault.owner, flows_purged: purged, rows_pending: left, refreshed });
  } catch (cause) {
    vault.log.error("keeper alarm failed", { owner: vault.owner, cause });
    vault.wakeBy(vault.clock.now() + TRY_AGAIN_MS);
  }
  for (const [, flow] of vault.journal.flows.all()) vault.wakeBy(flow.expiresAt);
}
