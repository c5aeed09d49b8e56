/** Microsoft 365: Entra ID v2.0 and Microsoft Graph, work, school and personal accounts; Exchange's mail protocols beside it. */
import type { ClientRegistration, Config } from "../lib/config.ts";
import { entraIdentity, entraProduct, graphAccount } from "./microsoft-base.ts";
import { microsoftProduct } from "./microsoft-scopes.ts";
import type { Provider } from "./provider.ts";
import type { Quota } from "./quota.ts";

/** "Microsoft Graph service-specific throttling limits"; Retry-After says how long to wait. */
const QUOTAS: readonly Quota[] = [
  { of: "requests", amount: 130_000, windowS: 10, per: "application, all tenants together" },
  { of: "Outlook requests", amount: 10_000, windowS: 600, per: "application and mailbox", note: "4 at once" },
];

/** Microsoft as configured; `client` is the app registration to use. */
export function microsoft(config: Config, client: ClientRegistration): Provider {
  return entraProduct(config, client, ({ graph, exchange }) => ({
    ...microsoftProduct({ graph: graph.scopePrefix, exchange: exchange.scopePrefix }),
    name: "Microsoft 365",
    scopes: ["User.Read", "Calendars.ReadWrite"].map((scope) => graph.scopePrefix + scope),
    // A bare name is the first one's.
    resources: { graph, outlook: exchange },
    identity: entraIdentity,
    account: graphAccount(graph, false),
    quotas: QUOTAS,
  }));
}
