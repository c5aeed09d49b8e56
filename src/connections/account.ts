/** Asks a provider whose account a token is good for. */
import { failure } from "../lib/errors.ts";
import type { Sender } from "../lib/http.ts";
import { parseJson } from "../lib/json.ts";
import type { AccountSource, Identity, Provider } from "../providers/provider.ts";
import { first, object } from "../providers/read.ts";
import { issuerOf } from "./metadata.ts";

/** What the question needs. `now`: ms since the epoch. */
export interface AccountQuestion {
  readonly provider: Provider;
  readonly sender: Sender;
  readonly now: number;
  readonly accessToken: string;
}

/** What came of it. `refused`: the API does not take the token. `silent`: this provider has no such address, or does not tell it to this grant. */
export type AccountAnswer =
  | { readonly kind: "read"; readonly identity: Partial<Identity> }
  | { readonly kind: "refused" }
  | { readonly kind: "silent" };

const ASK = { timeoutMs: 5_000, budgetMs: 8_000, retryStatuses: [500, 502, 503, 504], maxBytes: 256 * 1024 };

/** Reads the account. Failures: `provider_unavailable`, `provider_timeout`, `provider_throttled`. */
export async function readAccount({ provider, sender, now, accessToken }: AccountQuestion): Promise<AccountAnswer> {
  const source = provider.account;
  if (!source) return { kind: "silent" };
  const url = source.url === "userinfo" ? (await issuerOf({ provider, sender, now })).userinfo : source.url;
  if (url === undefined) return { kind: "silent" };
  const answer = await sender.send({
    url,
    label: `${provider.id} account`,
    headers: { Authorization: `Bearer ${accessToken}`, Accept: "application/json", ...source.headers },
    ...ASK,
  });
  if (answer.status === 200) return { kind: "read", identity: source.read(object(parseJson(answer.text))) ?? {} };
  if (answer.status === 401) return { kind: "refused" };
  const spent = answer.status === 403 && isSpent(source, answer.text);
  // The token is good, though not for this question: a grant need not cover it.
  if (answer.status === 403 && !spent) return { kind: "silent" };
  throw failure(
    spent || answer.status === 429 || answer.status === 529 ? "provider_throttled" : "provider_unavailable",
    "The provider does not say now whose account it is.",
    { retryAfterS: answer.retryAfterS ?? 5, reason: `${provider.id} account: ${answer.status}` },
  );
}

function isSpent({ limits = [] }: AccountSource, text: string): boolean {
  const { errors } = object(object(parseJson(text))["error"]);
  const { reason } = object(first(errors));
  return typeof reason === "string" && limits.includes(reason);
}
