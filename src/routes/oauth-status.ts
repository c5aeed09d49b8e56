/** GET /status: how the caller's connections stand; for an operator, the whole system. */
import { rfc3339 } from "../lib/clock.ts";
import { configuredProviders } from "../providers/index.ts";
import type { HostedContext } from "./context.ts";
import { askKeeper, spend } from "./keeper.ts";
import type { System } from "./premises.ts";
import { recordReading } from "./record-reader.ts";

const SOON_MS = 20 * 60_000;

/** A summary of the caller's own; role operator gets the system's beside it. */
export async function status(c: HostedContext): Promise<Response> {
  const own = await ownStatus(c);
  if (!c.get("caller").roles.includes("operator")) return c.json(own);
  await recordReading(c, { owner: undefined, isForeign: true }, { read: "status" });
  return c.json({ ...own, system: await systemStatus(c.get("system"), Date.now()) });
}

async function ownStatus(c: HostedContext) {
  const integrations = spend(c, await askKeeper(c, (keeper) => keeper.integrations("reads")));
  const troubled = integrations.filter((one) => one.trouble !== null || one.missing_scopes.length > 0);
  const [soonest] = integrations
    .filter((one) => one.forecast.dies_at !== null)
    .toSorted((left, right) => (left.forecast.dies_at ?? "").localeCompare(right.forecast.dies_at ?? ""));
  return {
    checked_at: rfc3339(Date.now()),
    connections: integrations.length,
    active: integrations.filter((one) => one.status === "active").length,
    reauth_required: integrations.filter((one) => one.status === "reauth_required").length,
    by_provider: countBy(integrations.map((one) => one.provider)),
    attention: troubled.map(({ id, provider, account, trouble, missing_scopes, authorize_path }) => ({
      id,
      provider,
      account,
      trouble,
      missing_scopes,
      ...(authorize_path === undefined ? {} : { authorize_path }),
    })),
    next_to_die: soonest ? { id: soonest.id, provider: soonest.provider, ...soonest.forecast } : null,
  };
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

async function systemStatus(system: System, now: number) {
  const [counts, seals, revocations, sealing] = await Promise.all([
    system.schedule.counts(now, SOON_MS),
    system.upkeep.sealCounts(),
    system.upkeep.revocationsPending(),
    system.ring.sealing(),
  ]);
  const total = seals.reduce((sum, { rows }) => sum + rows, 0);
  const current = seals.find(({ key }) => key === sealing.id)?.rows ?? 0;
  return {
    name: system.name,
    providers: configuredProviders(system.config).map((id) => {
      const { expiresAt } = system.provider(id).client;
      return { id, client_secret_expires_at: expiresAt === undefined ? null : rfc3339(expiresAt) };
    }),
    problems: system.config.problems.map(({ variable, message }) => ({ variable, message })),
    connections: counts.map(({ provider, status: state, connections, expiringSoon, refreshFailures }) => ({
      provider,
      status: state,
      connections,
      expiring_soon: expiringSoon,
      refresh_failures: refreshFailures,
    })),
    sealing: {
      key: sealing.id,
      rows: total,
      current,
      left: total - current,
      by_key: seals.map(({ key, rows }) => ({ key: key ?? "unknown", rows })),
    },
    revocations_pending: revocations,
  };
}
