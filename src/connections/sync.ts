/** Sync: asks every provider how the owner's connections stand. One that is slow, or refuses, holds up no other. */
import type { Connection } from "../db/connections.ts";
import { Failure, failure, type FailureData } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { inParallel } from "../lib/parallel.ts";
import { readAccount } from "./account.ts";
import { record } from "./audit.ts";
import { profileOf } from "./connected-row.ts";
import { othersSettled } from "./exchanges.ts";
import { withProfile } from "./identity.ts";
import { type Integration, integrationOf } from "./integration.ts";
import { maintainRow } from "./maintain.ts";
import { requireActive } from "./reauth.ts";
import { refresh } from "./refresh.ts";
import { loadRows, rereadRows } from "./rows.ts";
import { leadingResource } from "./tokens.ts";
import { use } from "./use.ts";
import type { Vault } from "./vault.ts";

const AT_ONCE = 4;
/** Longer than a refresh and an account's answer may take together. */
const DEADLINE_MS = 25_000;
/** Whoever has many connections gets an answer too: what is not begun by then is left to the next sync. */
const WHOLE_MS = 60_000;

/** Who asks. */
export interface Asker {
  readonly actor: string;
  readonly requestId?: string | undefined;
}

/** What came of one connection. */
export type Synced =
  | {
      readonly id: ConnectionId;
      readonly outcome: "ok";
      readonly changed: readonly string[];
      readonly integration: Integration;
    }
  | {
      readonly id: ConnectionId;
      readonly outcome: "failed";
      readonly failure: FailureData;
      readonly integration: Integration;
    };

/** Reads account, scopes and health of all of the owner's connections anew. */
export async function syncAll(vault: Vault, asker: Asker): Promise<Synced[]> {
  await rereadRows(vault);
  const live = [...(await loadRows(vault)).values()].filter((row) => row.status !== "revoked");
  // What was left over comes first the next time.
  live.sort((left, right) => (left.lastRefreshedAt ?? 0) - (right.lastRefreshedAt ?? 0));
  const until = vault.clock.now() + WHOLE_MS;
  return inParallel(live, AT_ONCE, async (row) =>
    vault.clock.now() < until ? syncOne(vault, row, asker) : leftOver(vault, row),
  );
}

function leftOver(vault: Vault, row: Connection): Synced {
  const detail = "There was no time left for this connection. Sync again.";
  const failed = failure("provider_timeout", detail, { retryAfterS: 5, extra: { reason: "not_begun" } });
  return { id: row.id, outcome: "failed", failure: failed.toData(), integration: integrationOf(vault, row) };
}

async function syncOne(vault: Vault, before: Connection, asker: Asker): Promise<Synced> {
  const { id } = before;
  const { outcome, failed } = await withinDeadline(vault, () => reread(vault, before, asker));
  const row = vault.memory.rows?.get(id) ?? before;
  await othersSettled(vault, id);
  await record(vault, {
    action: "sync",
    outcome,
    provider: before.provider,
    connection: id,
    ...(failed ? { failure: failed } : {}),
    ...asker,
  });
  const integration = integrationOf(vault, row);
  if (failed) return { id, outcome: "failed", failure: failed.toData(), integration };
  return { id, outcome: "ok", changed: changes(before, row), integration };
}

async function withinDeadline(vault: Vault, act: () => Promise<void>) {
  const timer = vault.clock.after(DEADLINE_MS);
  const late = timer.done.then((): never => {
    throw failure("provider_timeout", "The provider did not answer in time.", { retryAfterS: 5 });
  });
  try {
    await Promise.race([act(), late]);
    return { outcome: "ok" as const };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { outcome: "failed" as const, failed: error };
  } finally {
    timer.cancel();
  }
}

/** A refresh says what is granted; the account's own address says who it is, and that the token is good. */
async function reread(vault: Vault, row: Connection, { requestId }: Asker): Promise<void> {
  requireActive(vault, row);
  const provider = vault.provider(row.provider);
  const resource = leadingResource(provider, row.scopes);
  if (row.refreshToken !== null) await refresh(vault, { id: row.id, resource, requestId });
  const question = { provider, sender: vault.sender, now: vault.clock.now() };
  const grant = await use(vault, { connection: row.id, resource });
  // A grant of mail alone has no token that the account's address would take.
  if (provider.account && provider.account.resource !== resource) return;
  let answer = await readAccount({ ...question, accessToken: grant.accessToken });
  if (answer.kind === "refused") {
    const again = await use(vault, { connection: row.id, resource, rejected: grant.ticket });
    answer = await readAccount({ ...question, accessToken: again.accessToken });
  }
  if (answer.kind === "refused") throw tokenRefused();
  if (answer.kind === "silent") return;
  const { identity } = answer;
  if (identity.account !== undefined && identity.account !== row.account && comparable(provider.identity.kind))
    throw anotherAccount();
  await maintainRow(vault, row.id, async ({ account, profile }) => {
    const said = profileOf(withProfile({ account, ...profile }, identity));
    return JSON.stringify(said) === JSON.stringify(profile) ? undefined : { profile: said };
  });
}

/** Where the key comes from the same place as this answer's. */
function comparable(kind: string): boolean {
  return kind === "account" || kind === "id_token";
}

function tokenRefused(): Failure {
  return failure("provider_error", "The provider's API does not take a token that it has just given.", {
    extra: { reason: "token_refused", provider_code: "401" },
  });
}

function anotherAccount(): Failure {
  return failure("provider_error", "The provider says that the token is another account's.", {
    extra: { reason: "account_mismatch" },
  });
}

/** The members of a connection that a sync has changed. */
function changes(before: Connection, after: Connection): string[] {
  const same = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);
  return [
    ...(same(before.profile, after.profile) ? [] : ["account"]),
    ...(same(before.scopes, after.scopes) ? [] : ["scopes"]),
    ...(before.status === after.status ? [] : ["status"]),
  ];
}
