/** Outlook mail: Exchange Online's IMAP, POP and SMTP for a mail client, of work, school and personal accounts. */
import type { ClientRegistration, Config } from "../lib/config.ts";
import { entraIdentity, entraProduct, graphAccount } from "./microsoft-base.ts";
import { microsoftProduct, outlookProduct } from "./microsoft-scopes.ts";
import type { Provider } from "./provider.ts";
import type { Quota } from "./quota.ts";

/** "Exchange Online limits": of the mailbox, whatever sends. */
const QUOTAS: readonly Quota[] = [
  { of: "messages sent", amount: 30, windowS: 60, per: "mailbox" },
  { of: "recipients", amount: 10_000, windowS: 86_400, per: "mailbox" },
];

/** Outlook mail as configured; `client` is the app registration to use. */
export function outlook(config: Config, client: ClientRegistration): Provider {
  return entraProduct(config, client, ({ graph, exchange }) => {
    const prefixes = { graph: graph.scopePrefix, exchange: exchange.scopePrefix };
    return {
      ...outlookProduct(prefixes),
      name: "Outlook mail",
      scopes: ["IMAP.AccessAsUser.All", "SMTP.Send"].map((scope) => exchange.scopePrefix + scope),
      // A bare name is the first one's: the mail scopes exist on both, and only Exchange's open a mailbox.
      resources: { outlook: exchange, graph },
      identity: entraIdentity,
      // Its `mail` is the mailbox's own address: the id_token may say another, or none.
      account: graphAccount(graph, true),
      quotas: QUOTAS,
      // The same user may have granted more to the same application: a token for Graph carries that as well.
      siblings: [microsoftProduct(prefixes)],
    };
  });
}
