/** Finish: what the callback does. The state is consumed before anything else; then the code is redeemed, once. */
import type { Connection } from "../db/connections.ts";
import { equalSecrets } from "../lib/digest.ts";
import { Failure, failure } from "../lib/errors.ts";
import { type ConnectionId, newConnectionId } from "../lib/ids.ts";
import type { Identity, OAuthRefusal, Provider, Verdict } from "../providers/provider.ts";
import { record } from "./audit.ts";
import { identityIn, metadataOf } from "./id-token.ts";
import type { Flow } from "./journal.ts";
import { endPause } from "./pauses.ts";
import { authorizePathFor } from "./reauth.ts";
import { commitRow, loadRows, rereadRows } from "./rows.ts";
import { requestTokens, type TokenAnswer } from "./token-request.ts";
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
  try {
    const connection = await connect(vault, flow, input);
    await record(vault, {
      action: "connect",
      provider: flow.provider,
      outcome: "ok",
      connection: connection.id,
      actor: flow.actor,
      requestId: input.requestId,
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

async function connect(vault: Vault, flow: Flow, { answer }: FinishInput): Promise<Connection> {
  if ("nothing" in answer)
    throw failure("state_invalid", "The provider sent neither a code nor an error. Start again.");
  const signIn = { vault, flow, provider: vault.provider(flow.provider) };
  if ("refusal" in answer) throw refused(signIn, signIn.provider.classify(answer.refusal));
  const { provider } = signIn;
  const { sender, clock } = vault;
  // What cannot be read now must not cost the user the grant: ask before the code is spent.
  await loadRows(vault);
  await metadataOf({ provider, sender, now: clock.now() });
  const tokens = await redeem(signIn, answer.code);
  if (!tokens.id_token) throw failure("provider_error", "The provider sent no id_token.");
  const identity = await identityIn(tokens.id_token, { provider, sender, nonce: flow.nonce, now: clock.now() });
  return store(vault, { provider, flow, identity, tokens });
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
      code_verifier: flow.verifier,
      scope: asked.join(" "),
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
}

/** The same account heals its row in place; another account becomes a second connection. */
async function store(vault: Vault, granted: Granted): Promise<Connection> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const rows = await loadRows(vault);
    const before = [...rows.values()].find(
      (row) => row.provider === granted.provider.id && row.account === granted.identity.account,
    );
    const next = await rowFor(vault, before, granted);
    const commit = await commitRow(vault, { before, next, decided: true });
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

async function rowFor(vault: Vault, before: Connection | undefined, granted: Granted): Promise<Connection> {
  const { provider, flow, identity, tokens } = granted;
  const now = vault.clock.now();
  const id: ConnectionId = before?.id ?? newConnectionId();
  const holder: TokenHolder = {
    id,
    // Consent was given to all of it on one page; what the code was redeemed for is replaced by what was granted.
    scopes: flow.scopes,
    accessTokens: {},
    // Only a grant that still stands may lend its refresh token to an answer that carries none.
    refreshToken: before?.status === "active" ? before.refreshToken : null,
    refreshTokenAt: null,
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
    profile: { name: identity.name, address: identity.address, tenant: identity.tenant },
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
    grantExpiresAt: null,
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
