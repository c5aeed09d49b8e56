/** What a refresh has brought: stored, unless it is for another resource than the one that was asked for. */
import type { Connection } from "../db/connections.ts";
import type { Provider } from "../providers/provider.ts";
import { endExchange, othersAreOut } from "./exchanges.ts";
import { settleLate } from "./late-answer.ts";
import { holdsNothing } from "./permit.ts";
import { requireActive } from "./reauth.ts";
import { commitRow } from "./rows.ts";
import { tidyRefresh } from "./tidy-refresh.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { resourcesOf, scopesOf, sealAnswer, type TokenFields, withoutResource } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** What was refreshed. `sentAt`: ms since the epoch. */
interface Asked {
  readonly row: Connection;
  readonly resource: string;
  readonly requestId: string | undefined;
  readonly sentAt: number;
}

/** Stores a new grant. Where somebody else wrote first, theirs stands. Fails as `scope_insufficient` where the answer is for another resource: its refresh token is kept, the resource goes. */
export async function keepAnswer(
  vault: Vault,
  { row, resource, requestId, sentAt }: Asked,
  tokens: TokenAnswer,
): Promise<Connection> {
  const provider = vault.provider(row.provider);
  const tookMs = vault.clock.now() - sentAt;
  const asked = scopesOf(provider, resource, row.scopes);
  const sealed = await sealAnswer(vault, row, { provider, resource, asked, tokens });
  const foreign = isForeign(provider, resource, sealed);
  const fields = foreign
    ? { ...sealed, ...withoutResource(provider, row, { resource, now: vault.clock.now() }) }
    : sealed;
  const next = {
    ...row,
    ...fields,
    generation: row.generation + 1,
    version: row.version + 1,
    refreshFailures: 0,
    lastFailure: null,
  };
  const commit = await commitRow(vault, { before: row, next, decided: false });
  const stands =
    commit.kind === "stored"
      ? commit.row
      : await settleLate(vault, { before: row, current: commit.current, fields, tokens });
  endExchange(vault, row.id);
  vault.memory.pauses.delete(row.id);
  const failed = foreign ? holdsNothing(vault, row, resource) : undefined;
  const outcome = failed ? ({ outcome: "failed", failure: failed } as const) : {};
  const tidied = tidyRefresh(vault, row, { requestId, tookMs, detail: { resource }, ...outcome });
  // Nobody waits for another connection's provider.
  if (othersAreOut(vault, row.id)) vault.background(tidied);
  else await tidied;
  if (failed) throw failed;
  return requireActive(vault, stands);
}

/** True where the provider says of a token that it is for other resources alone. What says nothing but OpenID's is for whichever the provider likes. */
function isForeign(provider: Provider, resource: string, { accessTokens }: TokenFields): boolean {
  if (provider.resources[resource]?.scopePrefix === "") return false;
  const scopes = accessTokens[resource]?.scopes ?? [];
  return scopes.every((scope) => resourcesOf(provider, [scope]).some((name) => name !== resource));
}
