/** Start: makes the authorization URL and keeps what the callback will need (RFC 6749 section 4.1.1, RFC 7636, RFC 9700). */
import { randomBase64url, sha256 } from "../lib/digest.ts";
import type { Connection } from "../db/connections.ts";
import { Failure, failure } from "../lib/errors.ts";
import { type ConnectionId, newFlowId, type ProviderId } from "../lib/ids.ts";
import type { AuthorizeHint, Endpoints, Provider } from "../providers/provider.ts";
import { scopesBeyond } from "../providers/policy.ts";
import { unionOf } from "../providers/scopes.ts";
import { record } from "./audit.ts";
import { endpointsOf } from "./metadata.ts";
import { denied } from "./permit.ts";
import { loadRows } from "./rows.ts";
import { signState } from "./state.ts";
import type { Vault } from "./vault.ts";

/** What a caller asks for. */
export interface StartInput {
  readonly provider: ProviderId;
  readonly redirectUri: string;
  readonly returnTo: string | undefined;
  /** What to ask for, in full form and allowed by the policy; where absent, what the named connection holds, else the provider's usual scopes. What is held already is asked for again. */
  readonly scopes?: readonly string[];
  /** Of whoever asks: the policy says what they may ask for. */
  readonly roles: readonly string[];
  /** The connection that is to hold more; where absent, the one that `login_hint` names, or the only one. */
  readonly connection?: ConnectionId;
  /** True where a mail account is to use what is granted. */
  readonly mail?: boolean;
  readonly policyVersion?: string;
  readonly hints: Readonly<{ [Name in AuthorizeHint]?: string | undefined }>;
  /** SHA-256 of the cookie's secret, where the flow starts in a browser. */
  readonly browser: string | undefined;
  /** The caller's subject, for the audit trail. */
  readonly actor: string;
  /** Of the caller's request, for the log. */
  readonly requestId?: string;
}

/** Where to send the user. `expiresAt`: ms since the epoch. */
export interface Started {
  readonly authorizationUrl: string;
  readonly state: string;
  readonly flow: string;
  readonly expiresAt: number;
}

/** A sign-in must be finished within this time, ms. */
export const FLOW_LIFE_MS = 10 * 60_000;
const MAX_OPEN_FLOWS = 50;

/** Begins a sign-in. Failures: `provider_misconfigured`, `forbidden` for scopes beyond the policy, `not_found` for a connection that is not the owner's, `conflict` when too many are open, those of discovery. */
export async function start(vault: Vault, input: StartInput): Promise<Started> {
  const provider = vault.provider(input.provider);
  const now = vault.clock.now();
  makeRoom(vault, now);
  const held = await heldBefore(vault, input);
  const again = mayStillAsk(vault, input, held);
  const wanted = input.scopes ?? usualOf(provider, input, again);
  await requireMayAsk(vault, wanted, input);
  const endpoints = await endpointsOf({ provider, sender: vault.sender, now });
  const flow = newFlowId();
  const expiresAt = now + FLOW_LIFE_MS;
  const verifier = randomBase64url(48);
  const nonce = randomBase64url(24);
  const { redirectUri, returnTo, browser, actor } = input;
  const claims = { system: vault.system, owner: vault.owner, provider: provider.id, redirectUri, flow, expiresAt };
  const state = await signState(vault.ring, claims);
  const challenge = await sha256(verifier);
  // Nobody's grant becomes smaller because more was asked for.
  const scopes = someOf(provider, unionOf(provider, wanted, again));
  vault.journal.flows.put(flow, {
    provider: provider.id,
    redirectUri,
    scopes,
    issuer: endpoints.issuer,
    namesIssuer: endpoints.namesIssuer,
    policyVersion: input.policyVersion,
    ...(input.mail ? { mail: true } : {}),
    verifier,
    nonce,
    returnTo,
    browser,
    actor,
    expiresAt,
  });
  vault.wakeBy(expiresAt);
  await record(vault, {
    action: "start",
    outcome: "ok",
    provider: provider.id,
    actor,
    requestId: input.requestId,
    detail: { scopes },
  });
  const request = { scopes, redirectUri, state, nonce, challenge, hints: hintsOf(input, held) };
  const authorizationUrl = authorizationUrlFor(provider, endpoints, {
    ...request,
    again: parametersFor(provider, held),
  });
  return { authorizationUrl, state, flow, expiresAt };
}

/** A connection that is named and nothing else: what it held is to be granted again. */
function usualOf(provider: Provider, { connection }: StartInput, held: readonly string[]): readonly string[] {
  return connection !== undefined && held.length > 0 ? held : provider.scopes;
}

/** What is left of a grant that waits for its user does not outlive the sign-in that mends it. */
function parametersFor({ authorization }: Provider, held: Connection | undefined): AuthorizationRequest["again"] {
  const lives = held?.status === "active" && held.refreshToken !== null;
  return lives ? {} : authorization.withoutRefreshToken;
}

/** Nobody is sent anywhere to grant what they may not have. */
async function requireMayAsk(vault: Vault, wanted: readonly string[], input: StartInput): Promise<void> {
  const { roles, requestId, actor } = input;
  const provider = vault.provider(input.provider);
  const beyond = scopesBeyond({ policy: vault.scopePolicy, provider, roles }, wanted);
  if (beyond.length > 0) throw await denied(vault, { provider, scopes: beyond, roles, actor, requestId });
}

/** Where a token is for one resource, a code without a scope of any is not redeemed (AADSTS28002): then the least is asked for. */
function someOf({ tokenRequest, scopes }: Provider, wanted: readonly string[]): readonly string[] {
  return wanted.length === 0 && tokenRequest.scope ? scopes.slice(0, 1) : wanted;
}

/** What is held already, as far as whoever asks now may have it. */
function mayStillAsk(vault: Vault, { provider: id, roles }: StartInput, held: Connection | undefined): string[] {
  const scopes = held?.scopes ?? [];
  const beyond = scopesBeyond({ policy: vault.scopePolicy, provider: vault.provider(id), roles }, scopes);
  return scopes.filter((scope) => !beyond.includes(scope));
}

/** A connection that was named is an account that is meant: a browser with several sessions would pick another. */
function hintsOf({ connection, hints }: StartInput, held: Connection | undefined): StartInput["hints"] {
  const address = held?.profile.address;
  if (connection === undefined || hints.login_hint !== undefined || !address) return hints;
  return { ...hints, login_hint: address };
}

/** The live connection that this sign-in is about, as far as that can be told before anybody has signed in. */
async function heldBefore(vault: Vault, input: StartInput): Promise<Connection | undefined> {
  if (input.connection !== undefined) {
    const named = (await loadRows(vault)).get(input.connection);
    if (named && named.provider === input.provider && named.status !== "revoked") return named;
    throw failure("not_found", "No such connection.");
  }
  const live = await liveRows(vault, input.provider);
  const hint = input.hints.login_hint?.toLowerCase();
  if (hint !== undefined) return live.find((row) => row.profile.address?.toLowerCase() === hint);
  return live.length === 1 ? live[0] : undefined;
}

/** Rows that cannot be read now stop no sign-in: it will ask for less, and what is stored then is read again. */
async function liveRows(vault: Vault, provider: ProviderId): Promise<Connection[]> {
  try {
    const rows = await loadRows(vault);
    return [...rows.values()].filter((row) => row.provider === provider && row.status !== "revoked");
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

/** Drops sign-ins that nobody finished. */
export function purgeFlows(vault: Vault): number {
  const now = vault.clock.now();
  const dead = vault.journal.flows.all().filter(([, flow]) => flow.expiresAt <= now);
  for (const [id] of dead) vault.journal.flows.drop(id);
  return dead.length;
}

function makeRoom(vault: Vault, now: number): void {
  const open = vault.journal.flows.all().filter(([, flow]) => flow.expiresAt > now);
  if (open.length < MAX_OPEN_FLOWS) return;
  throw failure("conflict", `${MAX_OPEN_FLOWS} sign-ins are already open. Finish one, or wait until they expire.`, {
    retryAfterS: 60,
  });
}

interface AuthorizationRequest {
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly hints: StartInput["hints"];
  /** Added because no refresh token is held. */
  readonly again: Readonly<Record<string, string>>;
}

function authorizationUrlFor(provider: Provider, endpoints: Endpoints, request: AuthorizationRequest): string {
  const { parameters, pkce, scope } = provider.authorization;
  const url = new URL(endpoints.authorization);
  const all = {
    client_id: provider.client.id,
    response_type: "code",
    redirect_uri: request.redirectUri,
    state: request.state,
    ...(scope ? { scope: [...provider.openidScopes, ...request.scopes].join(" ") } : {}),
    ...(provider.openidScopes.includes("openid") ? { nonce: request.nonce } : {}),
    // Entra reads a challenge without a method as `plain`.
    ...(pkce ? { code_challenge: request.challenge, code_challenge_method: "S256" } : {}),
    ...parameters,
    ...request.again,
    ...hintsFor(provider, request),
  };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return url.toString();
}

/** What the caller hands through. A prompt of the caller's and one that is needed go together (OpenID Connect Core section 3.1.2.1), but for `none`. */
function hintsFor(provider: Provider, { hints, again }: AuthorizationRequest): Record<string, string> {
  const given = provider.passThrough.flatMap((name) => {
    const value = hints[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const chosen = Object.fromEntries(given);
  const needed = again["prompt"] ?? provider.authorization.parameters["prompt"];
  const prompt = chosen["prompt"];
  if (needed === undefined || prompt === undefined || prompt === "none") return chosen;
  return { ...chosen, prompt: [...new Set([...needed.split(" "), ...prompt.split(" ")])].join(" ") };
}
