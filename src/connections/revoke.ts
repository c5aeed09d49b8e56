/** Revocation at the provider (RFC 7009): tried at once, and again for three days where the provider cannot be reached. */
import type { Connection } from "../db/connections.ts";
import type { PendingRevocation } from "../db/schema.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { Answer } from "../lib/http.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import { parseJson } from "../lib/json.ts";
import type { Provider } from "../providers/provider.ts";
import { record } from "./audit.ts";
import { endpointsOf } from "./metadata.ts";
import { commitRow, loadRows } from "./rows.ts";
import { readRefusal } from "./token-answer.ts";
import { requestBody } from "./token-request.ts";
import { openForRevocation } from "./tokens.ts";
import { enqueue, type Vault } from "./vault.ts";

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;
/** With the pauses above: about three days. */
const MOST_ATTEMPTS = 20;
const TIMEOUT_MS = 10_000;
/** However many are due: the alarm has other work behind this, and the schedule other owners. */
const ROUND_MS = 20_000;

/** Tells the provider of a connection that was disconnected. True where nothing is left to tell. Never throws for what the provider or D1 does. */
export function revokePending(vault: Vault, id: ConnectionId): Promise<boolean> {
  return enqueue(vault.memory.revocations, id, async () => {
    const row = (await loadRows(vault)).get(id);
    // The owner may have connected again meanwhile: that grant is not to be revoked.
    if (row?.status !== "revoked" || !row.revocation) return true;
    const told = await tell(vault, row, row.revocation);
    return told.kind === "overtaken" || settle(vault, row, told);
  });
}

/** Waits for what this provider is being told: behind a new grant of the same account it would end that one as well. */
export async function revocationsTold(vault: Vault, provider: Provider): Promise<void> {
  const { rows, revocations } = vault.memory;
  const telling = [...revocations].filter(([id]) => reaches(provider, rows?.get(id)?.provider)).map(([, end]) => end);
  if (telling.length === 0) return;
  const timer = vault.clock.after(2 * TIMEOUT_MS);
  await Promise.race([Promise.all(telling), timer.done]);
  timer.cancel();
}

function reaches({ id, revocation }: Provider, other: ProviderId | undefined): boolean {
  return other !== undefined && (other === id || revocation?.shares.includes(other) === true);
}

/** Tells providers of what is due, as far as the time goes. Gives how many are left, and asks to be woken for them. */
export async function revokeDue(vault: Vault): Promise<number> {
  const until = vault.clock.now() + ROUND_MS;
  let left = 0;
  for (const row of (await loadRows(vault)).values()) {
    if (!row.revocation) continue;
    const due = row.revocationDueAt ?? 0;
    const now = vault.clock.now();
    if (due <= now && now < until && (await revokePending(vault, row.id))) continue;
    left += 1;
    vault.wakeBy(Math.max(vault.memory.rows?.get(row.id)?.revocationDueAt ?? due, vault.clock.now()));
  }
  return left;
}

/** What came of telling. `kept`: the provider was not told, on purpose. */
type Told =
  | { readonly kind: "done" | "kept"; readonly tookMs?: number }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Not now: the user may be granting anew. `at`: ms. */
  | { readonly kind: "later"; readonly at: number };

/** The same; `overtaken`: the account was connected again before the provider was told. */
type Telling = Told | { readonly kind: "overtaken" };

async function tell(vault: Vault, row: Connection, pending: PendingRevocation): Promise<Telling> {
  const started = vault.clock.now();
  try {
    const provider = vault.provider(row.provider);
    // Google takes back everything that the user gave this client: another connection that lives on it would die too.
    if (provider.revocation?.reach === "account" && (await isShared(vault, row, provider.revocation.shares)))
      return { kind: "kept" };
    const at = pending.attempts > 0 ? openUntil(vault, provider) : undefined;
    if (at !== undefined) return { kind: "later", at };
    const endpoints = await endpointsOf({ provider, sender: vault.sender, now: started });
    if (endpoints.revocation === undefined) return { kind: "kept" };
    const token = await openForRevocation(vault, row, pending.sealed);
    // All of that took its time. Nothing may come between these looks and the request.
    if (vault.memory.rows?.get(row.id)?.status !== "revoked") return { kind: "overtaken" };
    const signsIn = [...vault.memory.signIns.values()].some((id) => reaches(provider, id));
    if (signsIn) return { kind: "later", at: vault.clock.now() + FIRST_PAUSE_MS };
    const refusal = await post(vault, provider, { endpoints, url: endpoints.revocation, token, hint: pending.hint });
    return refusal ? { kind: "failed", failure: refusal } : { kind: "done", tookMs: vault.clock.now() - started };
  } catch (error) {
    if (error instanceof Failure) return { kind: "failed", failure: error };
    throw error;
  }
}

/** Until when a sign-in may still bring a grant that a late revocation would take back with the old one, ms. */
function openUntil(vault: Vault, { revocation }: Provider): number | undefined {
  if (revocation?.reach !== "account") return undefined;
  const ends = vault.journal.flows
    .all()
    .filter(([, flow]) => revocation.shares.includes(flow.provider) && flow.expiresAt > vault.clock.now())
    .map(([, flow]) => flow.expiresAt);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** What is not known now is asked again later, like a provider that does not answer. */
async function isShared(vault: Vault, row: Connection, providers: readonly ProviderId[]): Promise<boolean> {
  try {
    return await vault.isShared(row, providers);
  } catch (cause) {
    throw failure("internal", "Stored connections cannot be read now.", { reason: "D1 cannot be read", cause });
  }
}

interface Revocation {
  readonly endpoints: Awaited<ReturnType<typeof endpointsOf>>;
  readonly url: string;
  readonly token: string;
  readonly hint: PendingRevocation["hint"];
}

/** Undefined where the token is worth nothing any more. */
async function post(vault: Vault, provider: Provider, telling: Revocation): Promise<Failure | undefined> {
  const { endpoints, url, token, hint } = telling;
  // A hint that a JSON API does not know may be refused as an unknown member.
  const grant = provider.tokenRequest.body === "form" ? { token, token_type_hint: hint } : { token };
  let failed: Failure | undefined;
  for (const credential of provider.client.credentials) {
    const answer = await vault.sender.send({
      url,
      method: "POST",
      ...(await requestBody({ provider, clock: vault.clock }, { grant, credential, endpoints })),
      label: `${provider.id} revoke`,
      timeoutMs: TIMEOUT_MS,
      repeat: "idempotent",
      maxBytes: 64 * 1024,
    });
    failed = refusalIn(provider, answer);
    if (failed?.code !== "provider_misconfigured") return failed;
  }
  return failed;
}

/** A token that the provider does not know is as good as revoked (RFC 7009 section 2.2); Google says so with a 400. */
function refusalIn(provider: Provider, answer: Answer): Failure | undefined {
  const { status, text, retryAfterS } = answer;
  if (status >= 200 && status < 300) return undefined;
  const { error } = readRefusal(parseJson(text), status);
  if (status === 400 && ["invalid_token", "invalid_grant", "unsupported_token_type"].includes(error)) return undefined;
  const refused = status === 401 || error === "invalid_client";
  return failure(refused ? "provider_misconfigured" : "provider_unavailable", "The token could not be revoked.", {
    reason: `${provider.id} revoke: ${status} ${error}`,
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  });
}

async function settle(vault: Vault, row: Connection, told: Told): Promise<boolean> {
  if (told.kind === "later") {
    await store(vault, row, { attempts: row.revocation?.attempts ?? 0, pauseMs: told.at - vault.clock.now() });
    return false;
  }
  const attempts = (row.revocation?.attempts ?? 0) + 1;
  const over = told.kind !== "failed" || attempts >= MOST_ATTEMPTS;
  await store(vault, row, over ? null : { attempts, pauseMs: pauseMs(vault, attempts, told.failure) });
  // Of the tries in between the log has a line; the trail has what came of it.
  if (!over) vault.log.warn("revocation failed", { connection: row.id, attempts, reason: told.failure.reason });
  else
    await record(vault, {
      action: "revoke",
      outcome: told.kind === "failed" ? "failed" : "ok",
      provider: row.provider,
      connection: row.id,
      actor: "latchkey",
      ...(told.kind === "failed" ? { failure: told.failure } : {}),
      ...(told.kind === "done" && told.tookMs !== undefined ? { tookMs: told.tookMs } : {}),
      detail: { attempts, at_provider: told.kind === "done" },
    });
  return over;
}

function pauseMs(vault: Vault, attempts: number, { retryAfterS = 0 }: Failure): number {
  const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)) * (0.5 + vault.random());
  return Math.max(backoff, retryAfterS * 1000);
}

/** `again` null: nothing is left to tell, and the token goes. */
async function store(
  vault: Vault,
  row: Connection,
  again: { readonly attempts: number; readonly pauseMs: number } | null,
): Promise<void> {
  const dueAt = again === null ? null : vault.clock.now() + again.pauseMs;
  const revocation = again && row.revocation ? { ...row.revocation, attempts: again.attempts } : null;
  const next = { ...row, revocation, revocationDueAt: dueAt, version: row.version + 1 };
  const commit = await commitRow(vault, { before: row, next, decided: false });
  if (dueAt !== null) vault.wakeBy(dueAt);
  if (commit.kind === "stored" && again === null && row.revocation?.erase) vault.wakeBy(vault.clock.now());
}
