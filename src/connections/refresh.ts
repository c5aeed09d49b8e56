/**
 * Refresh: one at a time per connection, and everybody waits on the same one.
 *
 * The order matters: (1) a marker in own storage, which the output gate makes durable before the request leaves;
 * (2) the provider; (3) D1; (4) the marker goes. A marker that is found without a newer row means an answer that never
 * arrived: the old refresh token is shown once more, and if the provider refuses it the loss is named as such.
 */
import type { Connection } from "../db/connections.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { record } from "./audit.ts";
import type { Marker } from "./journal.ts";
import { pauseAfter, requireNoPause } from "./pauses.ts";
import { authorizePathFor, reauthFailure } from "./reauth.ts";
import { commitRow, loadRows, rereadRow } from "./rows.ts";
import { requestTokens, type TokenAnswer, type TokenOutcome } from "./token-request.ts";
import { openRefreshToken, scopesOf, sealAnswer, ticketOf } from "./tokens.ts";
import { enqueue, type Vault } from "./vault.ts";
import { failureOf } from "./verdicts.ts";

const POLL_MS = 1_000;

/** Refreshes one resource of a connection. Gives the row as it then stands. Fails as the provider does, or as `provider_timeout` at the caller's deadline. */
export function refresh(vault: Vault, id: ConnectionId, resource: string): Promise<Connection> {
  const name = `${id}/${resource}`;
  const known = vault.memory.refreshes.get(name);
  if (known) return known;
  const seen = vault.memory.rows?.get(id)?.accessTokens[resource];
  const seenTicket = seen && ticketOf(seen);
  const work = enqueue(vault.memory.refreshQueue, id, () => perform(vault, { id, resource, seenTicket }));
  const shared = withDeadline(vault, work);
  vault.memory.refreshes.set(name, shared);
  // The answer is wanted even when every caller has gone: the entry stays until the work itself has ended.
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  vault.background(ended.then(() => void vault.memory.refreshes.delete(name)));
  return shared;
}

async function withDeadline(vault: Vault, work: Promise<Connection>): Promise<Connection> {
  const timer = vault.clock.after(vault.times.deadlineMs);
  const late = timer.done.then((): never => {
    throw failure("provider_timeout", "The provider did not answer in time.", { retryAfterS: 5 });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}

interface Job {
  readonly id: ConnectionId;
  readonly resource: string;
  /** The token that its askers had seen. */
  readonly seenTicket: string | undefined;
}

async function perform(vault: Vault, job: Job): Promise<Connection> {
  const row = await currentRow(vault, job);
  // What was queued before may have brought what is wanted.
  const token = row.accessTokens[job.resource];
  if (token && ticketOf(token) !== job.seenTicket) return row;
  requireNoPause(vault, job.id);
  return attemptWith(vault, job, row, true);
}

/** The row to refresh: past any refresh of an earlier life that may still be under way. */
async function currentRow(vault: Vault, { id }: Job): Promise<Connection> {
  let row = requireActive(vault, (await loadRows(vault)).get(id));
  for (;;) {
    const marker = vault.journal.markers.get(id);
    if (!marker || marker.generation < row.generation || marker.life === vault.life) return row;
    // An object that was shut down may still be waiting for its answer, and will write it to D1.
    const left = marker.at + vault.times.requestMs - vault.clock.now();
    if (left <= 0) return row;
    await vault.clock.after(Math.min(left, POLL_MS)).done;
    row = requireActive(vault, await rereadRow(vault, id));
  }
}

function requireActive(vault: Vault, row: Connection | undefined): Connection {
  if (!row || row.status === "revoked")
    throw failure("not_connected", "The account is no longer connected.", {
      extra: row ? { authorize_path: authorizePathFor(vault, row.provider) } : {},
    });
  if (row.status === "reauth_required") throw reauthFailure(vault, row);
  return row;
}

async function attemptWith(vault: Vault, job: Job, row: Connection, mayReread: boolean): Promise<Connection> {
  const provider = vault.provider(row.provider);
  const asked = scopesOf(provider, job.resource, row.scopes);
  const refreshToken = await openRefreshToken(vault, row);
  if (refreshToken === undefined) return giveUp(vault, row, { reason: "no_refresh_token", dead: true });
  const earlier = vault.journal.markers.get(job.id);
  const lostBefore = earlier?.generation === row.generation;
  const marker: Marker = {
    generation: row.generation,
    resource: job.resource,
    at: vault.clock.now(),
    life: vault.life,
  };
  vault.journal.markers.put(job.id, marker);
  const outcome = await requestTokens(
    { sender: vault.sender, provider, timeoutMs: vault.times.requestMs },
    { grant_type: "refresh_token", refresh_token: refreshToken, scope: [...asked, ...provider.openidScopes].join(" ") },
  );
  switch (outcome.kind) {
    case "granted":
      return keep(vault, job, row, outcome.tokens);
    case "unknown":
      // The marker stays: the provider may have done the work.
      pauseAfter(vault, row, outcome.failure);
      throw outcome.failure;
    case "refused":
      if (!lostBefore && !outcome.afterSilence) vault.journal.markers.drop(job.id);
      return believe(vault, job, row, { outcome, lost: lostBefore || outcome.afterSilence, mayReread });
  }
}

/** Stores a new grant. Where somebody else wrote first, theirs stands and ours is dropped. */
async function keep(vault: Vault, job: Job, row: Connection, tokens: TokenAnswer): Promise<Connection> {
  const provider = vault.provider(row.provider);
  const asked = scopesOf(provider, job.resource, row.scopes);
  const fields = await sealAnswer(vault, row, { provider, resource: job.resource, asked, tokens });
  const next = {
    ...row,
    ...fields,
    generation: row.generation + 1,
    version: row.version + 1,
    refreshFailures: 0,
    lastFailure: null,
  };
  const commit = await commitRow(vault, row, next);
  vault.journal.markers.drop(job.id);
  vault.memory.pauses.delete(job.id);
  if (commit.kind === "stored") return commit.row;
  return requireActive(vault, commit.current);
}

interface Refusal {
  readonly outcome: Extract<TokenOutcome, { kind: "refused" }>;
  /** An earlier answer was lost: the refusal may be its consequence. */
  readonly lost: boolean;
  readonly mayReread: boolean;
}

/** A refusal is believed only when no other generation of the grant is there. */
async function believe(
  vault: Vault,
  job: Job,
  row: Connection,
  { outcome, lost, mayReread }: Refusal,
): Promise<Connection> {
  const { verdict, refusal, retryAfterS } = outcome;
  const provider = vault.provider(row.provider);
  const context = {
    stage: "refresh",
    provider,
    authorizePath: authorizePathFor(vault, row.provider, refusal.claims),
    redirectUri: vault.publicUrl,
    retryAfterS,
  } as const;
  const refused = failureOf(verdict, context);
  if (!FINAL.has(refused.code)) {
    pauseAfter(vault, row, refused);
    throw refused;
  }
  const current = requireActive(vault, await rereadRow(vault, job.id));
  if (current.generation !== row.generation) return mayReread ? adopt(vault, job, current) : current;
  const dead = verdict.dead ?? lost;
  const reason = lost ? "refresh_answer_lost" : verdict.reason;
  return giveUp(vault, current, { reason, dead, failure: refused, claims: refusal.claims });
}

const FINAL = new Set<string>(["reauth_required", "admin_consent_required"]);

/** Another generation came from elsewhere: use it, or refresh with its refresh token. */
function adopt(vault: Vault, job: Job, current: Connection): Promise<Connection> | Connection {
  const token = current.accessTokens[job.resource];
  const fresh = token && (token.expiresAt === null || token.expiresAt - vault.clock.now() > vault.times.refreshSkewMs);
  return fresh ? current : attemptWith(vault, job, current, false);
}

interface End {
  readonly reason: string;
  /** The refresh token will never work again. */
  readonly dead: boolean;
  readonly failure?: Failure;
  readonly claims?: string | undefined;
}

/** Marks the connection as waiting for its user, and fails as that. The next connect heals the same row. */
async function giveUp(vault: Vault, row: Connection, end: End): Promise<Connection> {
  const next: Connection = {
    ...row,
    status: "reauth_required",
    statusReason: end.reason,
    statusCode: end.failure?.extra.provider_code ?? null,
    statusClaims: end.claims ?? null,
    refreshToken: end.dead ? null : row.refreshToken,
    accessTokens: {},
    tokenExpiresAt: null,
    version: row.version + 1,
    updatedAt: vault.clock.now(),
  };
  const commit = await commitRow(vault, row, next);
  vault.journal.markers.drop(row.id);
  // The user may have connected again meanwhile: that grant stands.
  if (commit.kind === "lost") return requireActive(vault, commit.current);
  const marked = reauthFailure(vault, next);
  const failed =
    end.failure?.code === "admin_consent_required"
      ? end.failure
      : new Failure({ ...marked.toData(), reason: end.reason, extra: { ...marked.extra, ...mendOf(end) } });
  await record(vault, {
    action: "refresh",
    outcome: "failed",
    provider: row.provider,
    connection: row.id,
    failure: failed,
    actor: "latchkey",
  });
  throw failed;
}

function mendOf({ failure: from }: End): Partial<Failure["extra"]> {
  return from?.extra.mend ? { mend: from.extra.mend } : {};
}
