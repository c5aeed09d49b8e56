/** Use: a token of a connection, fresh enough. With everything in memory this touches neither D1 nor own storage. */
import type { Connection } from "../db/connections.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import type { AccessGrant } from "./grant.ts";
import type { Feature } from "../lib/features.ts";
import { authorizePathFor, mustBeNamed, requireActive } from "./reauth.ts";
import { requireAllowed, requireFeatures, requireResource } from "./permit.ts";
import { refresh } from "./refresh.ts";
import { loadRows, rereadRows } from "./rows.ts";
import { openGrant, ticketOf } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** Which token a caller wants. */
export interface UseInput {
  /** Whose account; may be left out where the connection is named. */
  readonly provider?: ProviderId;
  /** A connection of the owner; without it, the account that was connected last. */
  readonly connection?: ConnectionId;
  /** The API that the token is for; the provider's first where absent. */
  readonly resource?: string;
  /** What the caller is about to do with it. */
  readonly features?: readonly Feature[];
  /** Roles of whoever does it: the policy must let them use those features. */
  readonly callerRoles?: readonly string[];
  /** Roles of whoever gets the token itself: then it must hold nothing that the policy keeps from them. */
  readonly roles?: readonly string[];
  /** The caller's subject, for the audit trail. */
  readonly actor?: string;
  /** The token must live at least this long, ms. */
  readonly minTtlMs?: number;
  /** Ticket of a token that the API has just refused. */
  readonly rejected?: string;
  /** Of the caller's request, for the log. */
  readonly requestId?: string | undefined;
}

/** A token that dies sooner than this is not worth handing out, ms. */
const LEAST_LIFE_MS = 5_000;
/** A provider's tokens may live shorter than asked for: then this much below their whole life is all there is to ask, ms. */
const RENEWAL_PAUSE_MS = 60_000;
/** A refused token forces a refresh this often at most, ms. */
const FORCE_PAUSE_MS = 60_000;

/** Gives a token. Failures: `not_connected`, `not_found`, `reauth_required`, `scope_insufficient`, `forbidden` by the scope policy, and those of a refresh. */
export async function use(vault: Vault, wanted: UseInput): Promise<AccessGrant> {
  const row = await usableRow(vault, wanted);
  const input = { ...wanted, resource: wanted.resource ?? vault.provider(row.provider).firstResource };
  requireResource(vault, row, input.resource);
  if (input.features) await requireFeatures(vault, row, { ...input, features: input.features });
  const grant = isFresh(vault, row, input) ? await openOrNothing(vault, row, input.resource) : undefined;
  const given = grant ?? (await renew(vault, row, input));
  if (input.roles) await requireAllowed(vault, given, { ...input, roles: input.roles });
  vault.memory.used.set(row.id, vault.clock.now());
  return mustBeNamed(vault, row) ? { ...given, named: true } : given;
}

/** A token whose key has gone counts as absent: the refresh brings another, or says before the operator's eyes that it cannot. */
async function openOrNothing(vault: Vault, row: Connection, resource: string): Promise<AccessGrant | undefined> {
  try {
    return await openGrant(vault, row, resource);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    vault.log.error("access token not opened", { connection: row.id, resource, reason: error.reason });
    return undefined;
  }
}

/** A refusal is believed only of rows read just now: an object that was shut down may have finished a sign-in after this one read them. */
async function usableRow(vault: Vault, input: UseInput): Promise<Connection> {
  const find = async () => requireActive(vault, select(vault, await loadRows(vault), input));
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof Failure) || !(await rereadRows(vault))) throw error;
    return find();
  }
}

/** The connection that is meant. Another owner's id is not among these rows, so it is `not_found`. */
function select(vault: Vault, rows: ReadonlyMap<ConnectionId, Connection>, input: UseInput): Connection {
  if (input.connection !== undefined) {
    const named = rows.get(input.connection);
    const fits = input.provider === undefined || named?.provider === input.provider;
    if (named && fits && named.status !== "revoked") return named;
    throw failure("not_found", "No such connection.");
  }
  if (input.provider === undefined) throw failure("not_found", "No such connection.");
  let latest: Connection | undefined;
  for (const row of rows.values()) {
    const wanted = row.provider === input.provider && row.status !== "revoked";
    if (wanted && (latest === undefined || row.connectedAt > latest.connectedAt)) latest = row;
  }
  if (latest) return latest;
  throw notConnected(vault, input.provider);
}

function notConnected(vault: Vault, provider: ProviderId): Failure {
  return failure("not_connected", "No account is connected.", {
    extra: { authorize_path: authorizePathFor(vault, provider) },
  });
}

/** What is wanted, its resource settled. */
type Wanted = UseInput & { readonly resource: string };

function isFresh(vault: Vault, row: Connection, { resource, minTtlMs = 0, rejected }: Wanted): boolean {
  const token = row.accessTokens[resource];
  if (!token) return false;
  if (rejected === ticketOf(token) && mayForce(vault, `${row.id}/${resource}`)) return false;
  if (token.expiresAt === null) return true;
  const life = token.expiresAt - token.issuedAt;
  // A provider that gives out short-lived tokens must not be asked at every single use.
  const wanted = Math.min(Math.max(vault.times.refreshSkewMs, minTtlMs), Math.max(life - RENEWAL_PAUSE_MS, life / 2));
  // Where nothing better can be had, asking early would only end what still lives.
  const enough = row.refreshToken === null ? LEAST_LIFE_MS : wanted;
  return token.expiresAt - vault.clock.now() > enough;
}

/** An API that refuses whatever it is shown must not cause a refresh at every request: that is the loop for which Entra blocks an application. */
function mayForce(vault: Vault, name: string): boolean {
  const { forced, refreshes } = vault.memory;
  if (refreshes.has(name)) return true;
  const now = vault.clock.now();
  if (now - (forced.get(name) ?? -Infinity) < FORCE_PAUSE_MS) return false;
  forced.set(name, now);
  return true;
}

async function renew(vault: Vault, row: Connection, input: Wanted): Promise<AccessGrant> {
  try {
    const renewed = await refresh(vault, { id: row.id, resource: input.resource, requestId: input.requestId });
    const grant = await openGrant(vault, renewed, input.resource);
    if (grant) return grant;
    // Taken away while its refresh was under way.
    requireResource(vault, renewed, input.resource);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const stale = await stillAlive(vault, row.id, input);
    if (!stale || !PASSING.has(error.code)) throw error;
    return { ...stale, staleReason: error.code };
  }
  throw failure("internal", "The refreshed token is not there.", {
    reason: "no token of that resource after a refresh",
  });
}

/** Failures that say nothing against the grant: the old token is still good while it lives. */
const PASSING = new Set<string>([
  "provider_unavailable",
  "provider_throttled",
  "provider_timeout",
  "provider_misconfigured",
  "provider_error",
  "internal",
]);

async function stillAlive(
  vault: Vault,
  id: ConnectionId,
  { resource, rejected }: Wanted,
): Promise<AccessGrant | undefined> {
  const row = vault.memory.rows?.get(id);
  if (row?.status !== "active") return undefined;
  const grant = await openOrNothing(vault, row, resource);
  if (!grant || grant.ticket === rejected) return undefined;
  const alive = grant.expiresAt === null || grant.expiresAt - vault.clock.now() > LEAST_LIFE_MS;
  return alive ? grant : undefined;
}
