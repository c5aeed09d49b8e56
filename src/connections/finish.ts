/** Finish: what the callback does. The state is consumed before anything else; then the code is redeemed, once. */
import type { ConsentRecord } from "../db/companions.ts";
import type { Connection } from "../db/connections.ts";
import { equalSecrets } from "../lib/digest.ts";
import { Failure, failure } from "../lib/errors.ts";
import { type ConnectionId, newConnectionId, newConsentId } from "../lib/ids.ts";
import type { Identity, OAuthRefusal, Provider, Verdict } from "../providers/provider.ts";
import { record } from "./audit.ts";
import { identityOf } from "./identity.ts";
import type { Flow } from "./journal.ts";
import { endpointsOf, keysOf } from "./metadata.ts";
import { endPause } from "./pauses.ts";
import { authorizePathFor } from "./reauth.ts";
import { commitRow, loadRows, rereadRows } from "./rows.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { requestTokens } from "./token-request.ts";
import { scopesOf, sealAnswer, type TokenHolder } from "./tokens.ts";
import type { Vault } from "./vault.ts";
import { failureOf } from "./verdicts.ts";

/** What the provider sent: a code, a refusal, or neither, which uses the state up all the same. */
export type CallbackAnswer =
  | { readonly code: string }
  | { readonly refusal: OAuthRefusal }
  | { readonly nothing: true };

/** What came back with the browser. */
export interface FinishInput {
  readonly flow: string;
  readonly redirectUri: string;
  /** SHA-256 of the browser's cookie for this flow; undefined where it sent none. */
  readonly browser: string | undefined;
  readonly answer: CallbackAnswer;
  /** `iss` of the answer (RFC 9207); undefined where it has none. */
  readonly issuer?: string | undefined;
  /** The network that the browser came from, never its whole address. */
  readonly network?: string | undefined;
  readonly requestId: string;
}

/** How it ended. `returnTo`: where the start wanted the browser sent, for failures too. */
export type Finished =
  | { readonly returnTo: string | undefined; readonly connection: Connection }
  | { readonly returnTo: string | undefined; readonly failure: Failure };

/** Completes a sign-in. Fails as `state_invalid` when the flow is unknown, used, expired or another browser's. */
export async function finish(vault: Vault, input: FinishInput): Promise<Finished> {
  // First of all: whatever happens below, this state is worth nothing from now on.
  const flow = vault.journal.flows.take(input.flow);
  if (!flow || flow.expiresAt <= vault.clock.now() || flow.redirectUri !== input.redirectUri)
    throw invalid("unknown, used or expired");
  if (!(await isSameBrowser(flow, input.browser))) throw invalid("another browser");
  const started = vault.clock.now();
  try {
    const connection = await connect(vault, flow, input);
    await record(vault, {
      action: "connect",
      provider: flow.provider,
      outcome: "ok",
      connection: connection.id,
      actor: flow.actor,
      requestId: input.requestId,
      tookMs: vault.clock.now() - started,
      detail: { scopes: connection.scopes },
    });
    return { returnTo: flow.returnTo, connection };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await record(vault, {
      action: "connect",
      provider: flow.provider,
      outcome: "failed",
      failure: error,
      actor: flow.actor,
      requestId: input.requestId,
    });
    return { returnTo: flow.returnTo, failure: error };
  }
}

async function isSameBrowser(flow: Flow, browser: string | undefined): Promise<boolean> {
  return flow.browser === undefined || (browser !== undefined && (await equalSecrets(flow.browser, browser)));
}

async function connect(vault: Vault, flow: Flow, input: FinishInput): Promise<Connection> {
  const { answer } = input;
  const signIn = { vault, flow, provider: vault.provider(flow.provider) };
  if (!isFromIssuer(flow, input.issuer))
    throw failure("state_invalid", "The answer did not come from the provider that was asked. Start again.", {
      extra: { reason: "issuer_mismatch" },
      reason: "callback: iss",
    });
  if ("nothing" in answer)
    throw failure("state_invalid", "The provider sent neither a code nor an error. Start again.");
  if ("refusal" in answer) throw refused(signIn, signIn.provider.classify(answer.refusal));
  const { provider } = signIn;
  // What cannot be read now must not cost the user the grant: ask before the code is spent.
  await loadRows(vault);
  await readyFor(vault, provider);
  const tokens = await redeem(signIn, answer.code);
  const identity = await identityOf(vault, { provider, flow, tokens });
  return store(vault, { provider, flow, identity, tokens, input });
}

/** Mix-up defence (RFC 9207 section 2.4): what is named must be the issuer that was asked; where it always names itself, silence is not its. A template can be compared with nothing. */
function isFromIssuer({ issuer, namesIssuer = false }: Flow, named: string | undefined): boolean {
  if (named === undefined) return !namesIssuer;
  return issuer === undefined || issuer.includes("{") || issuer === named;
}

/** Reads what will be needed to judge the answer. */
async function readyFor(vault: Vault, provider: Provider): Promise<void> {
  const check = { provider, sender: vault.sender, now: vault.clock.now() };
  await endpointsOf(check);
  if (provider.identity.kind === "id_token") await keysOf(check);
}

interface SignIn {
  readonly vault: Vault;
  readonly flow: Flow;
  readonly provider: Provider;
}

async function redeem(signIn: SignIn, code: string): Promise<TokenAnswer> {
  const { vault, flow, provider } = signIn;
  const asked = [...provider.openidScopes, ...scopesOf(provider, provider.firstResource, flow.scopes)];
  const outcome = await requestTokens(
    { ...vault, provider, timeoutMs: vault.times.requestMs },
    {
      grant_type: "authorization_code",
      code,
      redirect_uri: flow.redirectUri,
      ...(provider.authorization.pkce ? { code_verifier: flow.verifier } : {}),
      ...(provider.tokenRequest.scope ? { scope: asked.join(" ") } : {}),
    },
  );
  if (outcome.kind === "granted") return outcome.tokens;
  if (outcome.kind === "unknown") throw outcome.failure;
  // A grant that is refused here is the code's, not the account's: a new sign-in gets a new one.
  const { verdict, refusal, retryAfterS } = outcome;
  const ofTheCode =
    verdict.dead === true || verdict.reason === "grant_invalid" || verdict.reason === "request_not_valid";
  const restart = refusal.error === "invalid_grant" && ofTheCode;
  throw refused(signIn, restart ? { ...verdict, kind: "restart" } : verdict, {
    retryAfterS,
    requestId: refusal.requestId,
  });
}

function refused(
  { vault, provider, flow }: SignIn,
  verdict: Verdict,
  more: { readonly retryAfterS?: number | undefined; readonly requestId?: string | undefined } = {},
): Failure {
  const authorizePath = authorizePathFor(vault, provider.id);
  return failureOf(verdict, { stage: "connect", provider, authorizePath, redirectUri: flow.redirectUri, ...more });
}

interface Granted {
  readonly provider: Provider;
  readonly flow: Flow;
  readonly identity: Identity;
  readonly tokens: TokenAnswer;
  readonly input: FinishInput;
}

/** The same account heals its row in place; another account becomes a second connection. */
async function store(vault: Vault, granted: Granted): Promise<Connection> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const rows = await loadRows(vault);
    const before = [...rows.values()].find(
      (row) => row.provider === granted.provider.id && row.account === granted.identity.account,
    );
    const next = await rowFor(vault, before, granted);
    const also = { consents: [consentOf(next, granted)] };
    const commit = await commitRow(vault, { before, next, decided: true, also });
    if (commit.kind === "stored") {
      endPause(vault, next.id);
      vault.journal.markers.drop(next.id);
      return commit.row;
    }
    // Somebody else wrote: read everything anew and lay this grant over it.
    await rereadRows(vault, 0);
  }
  throw failure("internal", "The connection could not be stored.", { reason: "compare-and-set lost five times" });
}

/** Who granted what. It stays when the connection goes. */
function consentOf(row: Connection, { flow, input }: Granted): ConsentRecord {
  return {
    id: newConsentId(),
    at: row.connectedAt,
    owner: row.owner,
    connection: row.id,
    provider: row.provider,
    account: row.account,
    asked: flow.scopes,
    granted: row.scopes,
    network: input.network ?? null,
    policyVersion: flow.policyVersion ?? "1",
    actor: flow.actor,
    requestId: input.requestId,
  };
}

async function rowFor(vault: Vault, before: Connection | undefined, granted: Granted): Promise<Connection> {
  const { provider, flow, identity, tokens } = granted;
  const now = vault.clock.now();
  const { lifetimeMs } = provider.refreshTokens;
  const id: ConnectionId = before?.id ?? newConnectionId();
  const holder: TokenHolder = {
    id,
    // Consent was given to all of it on one page; what the code was redeemed for is replaced by what was granted.
    scopes: flow.scopes,
    accessTokens: {},
    // Only a grant that still stands may lend its refresh token to an answer that carries none.
    refreshToken: before?.status === "active" ? before.refreshToken : null,
    refreshTokenAt: null,
    grantExpiresAt: lifetimeMs === undefined ? null : now + lifetimeMs,
  };
  const resource = provider.firstResource;
  const fields = await sealAnswer(vault, holder, {
    provider,
    resource,
    asked: scopesOf(provider, resource, flow.scopes),
    tokens,
  });
  return {
    id,
    owner: vault.owner,
    provider: provider.id,
    account: identity.account,
    profile: {
      name: identity.name,
      address: identity.address,
      tenant: identity.tenant,
      picture: identity.picture ?? null,
    },
    status: "active",
    statusReason: null,
    statusCode: null,
    statusClaims: null,
    statusMend: null,
    ...fields,
    generation: (before?.generation ?? 0) + 1,
    version: (before?.version ?? 0) + 1,
    refreshFailures: 0,
    lastFailure: null,
    lastUsedAt: before?.lastUsedAt ?? now,
    connectedAt: now,
    createdAt: before?.createdAt ?? now,
    askedScopes: flow.scopes,
    expiryAnnouncedAt: null,
    sealedWith: null,
    revocation: null,
    revocationDueAt: null,
  };
}

function invalid(reason: string): Error {
  return failure("state_invalid", "This sign-in is not known here, has expired or was already used. Start again.", {
    reason: `flow: ${reason}`,
  });
}
