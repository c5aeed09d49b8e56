/** Start: makes the authorization URL and keeps what the callback will need (RFC 6749 section 4.1.1, RFC 7636, RFC 9700). */
import { randomBase64url, sha256 } from "../lib/digest.ts";
import { failure } from "../lib/errors.ts";
import { newFlowId } from "../lib/ids.ts";
import type { AuthorizeHint, Provider } from "../providers/provider.ts";
import type { ProviderId } from "../lib/ids.ts";
import { signState } from "./state.ts";
import type { Vault } from "./vault.ts";

/** What a caller asks for. */
export interface StartInput {
  readonly provider: ProviderId;
  readonly redirectUri: string;
  readonly returnTo: string | undefined;
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

/** Begins a sign-in. Failures: `provider_misconfigured`, `conflict` when too many are open. */
export async function start(vault: Vault, input: StartInput): Promise<Started> {
  const provider = vault.provider(input.provider);
  const now = vault.clock.now();
  makeRoom(vault, now);
  const flow = newFlowId();
  const expiresAt = now + FLOW_LIFE_MS;
  const verifier = randomBase64url(48);
  const nonce = randomBase64url(24);
  const { redirectUri, returnTo, browser, actor } = input;
  const claims = { system: vault.system, owner: vault.owner, provider: provider.id, redirectUri, flow, expiresAt };
  const state = await signState(vault.ring, claims);
  const challenge = await sha256(verifier);
  vault.journal.flows.put(flow, {
    provider: provider.id,
    redirectUri,
    scopes: provider.scopes,
    verifier,
    nonce,
    returnTo,
    browser,
    actor,
    expiresAt,
  });
  vault.wakeBy(expiresAt);
  const authorizationUrl = authorizationUrlFor(provider, { redirectUri, state, nonce, challenge, hints: input.hints });
  return { authorizationUrl, state, flow, expiresAt };
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
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly hints: StartInput["hints"];
}

function authorizationUrlFor(provider: Provider, request: AuthorizationRequest): string {
  const url = new URL(provider.authorizationEndpoint);
  const parameters = {
    client_id: provider.client.id,
    response_type: "code",
    response_mode: "query",
    redirect_uri: request.redirectUri,
    scope: [...provider.openidScopes, ...provider.scopes].join(" "),
    state: request.state,
    nonce: request.nonce,
    code_challenge: request.challenge,
    // Entra reads a challenge without a method as `plain`.
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  for (const name of provider.passThrough) {
    const value = request.hints[name];
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.toString();
}
