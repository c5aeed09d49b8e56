/**
 * One try at a refresh: marker, provider, D1, marker gone. What the provider refuses is believed only when no other
 * generation of the grant is there; what went unanswered leaves the marker, because the provider may have done the work.
 */
import type { Connection } from "../db/connections.ts";
import { Failure } from "../lib/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { beginExchange, endExchange, othersSettled } from "./exchanges.ts";
import type { Marker } from "./journal.ts";
import { pauseAfter } from "./pauses.ts";
import { requireResource } from "./permit.ts";
import { authorizePathOf, reauthFailure, redirectUriFor, requireActive } from "./reauth.ts";
import { commitRow, rereadRow } from "./rows.ts";
import { keepAnswer } from "./keep-answer.ts";
import { endpointsOf } from "./metadata.ts";
import { requestTokens, type TokenOutcome } from "./token-request.ts";
import { recordRefused } from "./tidy-refresh.ts";
import { openRefreshToken, scopesOf } from "./tokens.ts";
import type { Vault } from "./vault.ts";
import { failureOf } from "./verdicts.ts";
import { isWithdrawn, withdraw } from "./withdrawn.ts";

/** What is to be refreshed. */
export interface Attempt {
  readonly row: Connection;
  readonly resource: string;
  readonly requestId: string | undefined;
  /** False once another generation was found and tried: then a refusal is final. */
  readonly mayReread: boolean;
}

/** Refreshes once. Gives the row as it then stands, whoever wrote it. Fails as the provider's verdict says. */
export async function tryRefresh(vault: Vault, attempt: Attempt): Promise<Connection> {
  const { row, resource } = attempt;
  const refreshToken = await openOrPause(vault, attempt);
  if (refreshToken === undefined) return giveUp(vault, attempt, { row, reason: "no_refresh_token", dead: true });
  await findOrPause(vault, attempt);
  await beginExchange(vault, row);
  try {
    const lostBefore = vault.journal.markers.get(row.id)?.generation === row.generation;
    const marker = { generation: row.generation, resource, at: vault.clock.now(), life: vault.life, ended: false };
    vault.journal.markers.put(row.id, marker);
    return await exchange(vault, attempt, { refreshToken, marker, lostBefore });
  } finally {
    endExchange(vault, row.id);
  }
}

interface Exchange {
  readonly refreshToken: string;
  readonly marker: Marker;
  readonly lostBefore: boolean;
}

async function exchange(vault: Vault, attempt: Attempt, { refreshToken, marker, lostBefore }: Exchange) {
  const { row } = attempt;
  const provider = vault.provider(row.provider);
  const scope = provider.tokenRequest.scope ? { scope: scopeFor(provider, attempt) } : {};
  const outcome = await requestTokens(
    { ...vault, provider, timeoutMs: vault.times.requestMs },
    { grant_type: "refresh_token", refresh_token: refreshToken, ...scope },
  );
  if (outcome.kind === "granted") return keepAnswer(vault, { ...attempt, sentAt: marker.at }, outcome.tokens);
  // Nothing was brought that could be lost; what is written down now must not cost another connection its answer.
  endExchange(vault, row.id);
  await othersSettled(vault, row.id);
  switch (outcome.kind) {
    case "unknown":
      vault.journal.markers.put(row.id, { ...marker, ended: true });
      pauseAfter(vault, attempt, outcome.failure);
      throw outcome.failure;
    case "refused":
      return believe(vault, attempt, { ...outcome, lost: lostBefore || outcome.afterSilence });
  }
}

/** A refresh token that does not open is the operator's trouble: it is noted like any failed refresh, so that it is seen and others get their turn. */
async function openOrPause(vault: Vault, attempt: Attempt): Promise<string | undefined> {
  try {
    return await openRefreshToken(vault, attempt.row);
  } catch (error) {
    if (error instanceof Failure) pauseAfter(vault, attempt, error);
    throw error;
  }
}

/** Where to ask must be known before the marker says that it was asked: what was never sent can have done no work. */
async function findOrPause(vault: Vault, attempt: Attempt): Promise<void> {
  try {
    const provider = vault.provider(attempt.row.provider);
    await endpointsOf({ provider, sender: vault.sender, now: vault.clock.now() });
  } catch (error) {
    if (error instanceof Failure) pauseAfter(vault, attempt, error);
    throw error;
  }
}

/** The resource's own scopes, never another's: a token is good for one resource alone. */
function scopeFor(provider: Provider, { row, resource }: Attempt): string {
  return [...scopesOf(provider, resource, row.scopes), ...provider.openidScopes].join(" ");
}

type Refusal = Extract<TokenOutcome, { kind: "refused" }> & {
  /** An earlier answer was lost: the refusal may be its consequence. */
  readonly lost: boolean;
};

async function believe(vault: Vault, attempt: Attempt, refusal: Refusal): Promise<Connection> {
  const { row, mayReread } = attempt;
  const { verdict, lost } = refusal;
  const refused = refusedAs(vault, row, refusal);
  // The provider has spoken, so it did no work on this grant; but what it did in an earlier silence stays unknown.
  if (!lost) vault.journal.markers.drop(row.id);
  if (!FINAL.has(refused.code)) {
    pauseAfter(vault, attempt, refused);
    throw refused;
  }
  const current = await rereadOrPause(vault, attempt);
  if (current.generation !== row.generation) return mayReread ? adopt(vault, attempt, current) : current;
  if (isWithdrawn(vault.provider(row.provider), current, { resource: attempt.resource, verdict }))
    return withdraw(vault, { row: current, resource: attempt.resource, refused, requestId: attempt.requestId });
  const isLoss = lost && LOSS_LIKE.has(verdict.reason);
  const reason = isLoss ? "refresh_answer_lost" : verdict.reason;
  return giveUp(vault, attempt, {
    row: current,
    reason,
    dead: verdict.dead === true || isLoss,
    failure: refused,
    claims: refusal.refusal.claims,
  });
}

/** What a provider says of a refresh token that it has replaced. A second factor, consent or a policy never follows from a lost answer. */
const LOSS_LIKE = new Set(["grant_invalid", "grant_expired"]);

async function rereadOrPause(vault: Vault, attempt: Attempt): Promise<Connection> {
  try {
    return requireActive(vault, await rereadRow(vault, attempt.row.id));
  } catch (error) {
    if (error instanceof Failure && error.code === "internal") pauseAfter(vault, attempt, error);
    throw error;
  }
}

/** Failures that end a grant until its user, or an administrator, has acted. */
const FINAL = new Set<string>(["reauth_required", "admin_consent_required"]);

function refusedAs(vault: Vault, row: Connection, { verdict, refusal, retryAfterS }: Refusal): Failure {
  return failureOf(verdict, {
    stage: "refresh",
    provider: vault.provider(row.provider),
    authorizePath: authorizePathOf(vault, row, { claims: refusal.claims }),
    redirectUri: redirectUriFor(vault, vault.provider(row.provider)),
    retryAfterS,
    requestId: refusal.requestId,
  });
}

/** Another generation came from elsewhere: use it, or refresh with its refresh token. */
async function adopt(vault: Vault, attempt: Attempt, current: Connection): Promise<Connection> {
  requireResource(vault, current, attempt.resource);
  const token = current.accessTokens[attempt.resource];
  const leftMs = (token?.expiresAt ?? Number.POSITIVE_INFINITY) - vault.clock.now();
  if (token && leftMs > vault.times.refreshSkewMs) return current;
  return tryRefresh(vault, { ...attempt, row: current, mayReread: false });
}

interface End {
  /** The row as it was last read. */
  readonly row: Connection;
  readonly reason: string;
  /** The refresh token will never work again. */
  readonly dead: boolean;
  readonly failure?: Failure;
  readonly claims?: string | undefined;
}

/** Marks the connection as waiting for its user, and fails as that. The next connect heals the same row. */
async function giveUp(vault: Vault, { requestId }: Attempt, end: End): Promise<Connection> {
  const { row } = end;
  const next: Connection = {
    ...row,
    status: "reauth_required",
    statusReason: end.reason,
    statusCode: end.failure?.extra.provider_code ?? null,
    statusMend: end.failure?.extra.mend ?? null,
    statusClaims: end.claims ?? null,
    refreshToken: end.dead ? null : row.refreshToken,
    accessTokens: {},
    tokenExpiresAt: null,
    version: row.version + 1,
    updatedAt: vault.clock.now(),
  };
  const commit = await commitRow(vault, { before: row, next, decided: false });
  vault.journal.markers.drop(row.id);
  // The user may have connected again meanwhile: that grant stands.
  if (commit.kind === "lost") return requireActive(vault, commit.current);
  const failed = endedAs(vault, next, end);
  await recordRefused(vault, row, { failure: failed, requestId });
  throw failed;
}

function endedAs(vault: Vault, row: Connection, { failure: refused, reason }: End): Failure {
  const told = reauthFailure(vault, row).toData();
  const said = refused?.reason ?? reason;
  return new Failure({ ...told, reason: said.endsWith(reason) ? said : `${said}, taken for ${reason}` });
}
