/** Lends tokens for calls that are passed on, each judged by its provider's own limit. */
import { lend, type LendInput, type Lent, providerOf } from "../connections/lend.ts";
import type { Vault } from "../connections/vault.ts";
import type { Config } from "../lib/config.ts";
import { attempt } from "../lib/errors.ts";
import { proxyLimitFor } from "../lib/limits.ts";
import type { Limit, LimitVerdict } from "../lib/rate-limit.ts";
import type { Limited } from "./answers.ts";

/** What a keeper lends with. */
export interface Lending {
  readonly vault: Vault;
  readonly config: Config;
  readonly judge: (limit: Limit & { readonly bucket: string }) => LimitVerdict;
}

/** A token, and the limit's verdict. Only the first try of a call is `counted`. */
export type CountedLendInput = LendInput & { readonly counted: boolean };

/** See {@link lend}. */
export async function lendLimited(
  { vault, config, judge }: Lending,
  { counted, ...input }: CountedLendInput,
): Promise<Limited<Lent>> {
  const act = () => lend(vault, input, config.environment === "development");
  if (!counted) return { result: await attempt(act) };
  // What cannot be told from here counts all the same, and fails by the same reason below.
  const known = await attempt(() => providerOf(vault, input.connection));
  const limit = { ...judge(proxyLimitFor(config, known.ok ? known.value : undefined)), bucket: "proxy" };
  return limit.allowed ? { limit, result: await attempt(act) } : { limit };
}
