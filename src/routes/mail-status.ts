/** GET /api/oauth/status: every provider and every mail account of the caller, in one answer. */
import type { Integration } from "../connections/integration.ts";
import { rfc3339 } from "../lib/clock.ts";
import { configuredProviders, registryOf } from "../providers/index.ts";
import type { HostedContext } from "./context.ts";
import { askKeeper, spend } from "./keeper.ts";

/** Answers `{checked_at, providers, mail_accounts}`. */
export async function listHoldingsByProvider(c: HostedContext): Promise<Response> {
  const { integrations, accounts } = spend(c, await askKeeper(c, (keeper) => keeper.holdings("reads")));
  const { config } = c.get("premises");
  const usable = new Set(configuredProviders(config));
  const known = Object.entries(registryOf(config)).map(([id, { name }]) => ({ id, name }));
  // A grant outlives the configuration of its provider.
  const gone = new Set(
    integrations.map(({ provider }) => provider).filter((id) => !known.some((one) => one.id === id)),
  );
  const all = [...known, ...Array.from(gone, (id) => ({ id, name: id }))];
  return c.json({
    checked_at: rfc3339(Date.now()),
    providers: all.map(({ id, name }) => {
      const held = integrations.filter(({ provider }) => provider === id);
      return { id, name, configured: usable.has(id), ...stateOf(held), connections: held.map(brief) };
    }),
    mail_accounts: accounts,
  });
}

/** One word for a provider: it works while any of its connections does. */
function stateOf(held: readonly Integration[]) {
  const active = held.some(({ status }) => status === "active");
  return { connected: active, status: active ? "active" : held.length > 0 ? "reauth_required" : "not_connected" };
}

function brief({ id, account, status, features, missing_scopes, trouble, authorize_path, forecast }: Integration) {
  const path = authorize_path === undefined ? {} : { authorize_path };
  return { id, account, status, features, missing_scopes, trouble, ...path, dies_at: forecast.dies_at };
}
