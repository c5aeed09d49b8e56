/** Finish: what the callback does. The state is consumed before anything else; then the code is redeemed, once. */
import type { ConsentRecord } from "../db/companions.ts";
import type { Connection } from "../db/connections.ts";
import { equalSecrets } from "../lib/digest.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { Provider } from "../providers/provider.ts";
import type { OAuthRefusal, Verdict } from "../providers/verdict.ts";
import { record } from "./audit.ts";
import { connectedRow, consentOf, type Granted } from "./connected-row.ts";
import { identityOf } from "./identity.ts";
import { plan } from "./due.ts";
import type { Flow } from "./journal.ts";
import { mailboxOf, mailLinksOf } from "./mail-links.ts";
import { endpointsOf, keysOf } from "./metadata.ts";
import { endPause } from "./pauses.ts";
import { authorizePathFor } from "./reauth.ts";
import { revocationsTold } from "./revoke.ts";
import { commitRow, loadRows, rereadRows } from "./rows.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { requestTokens } from "./token-request.ts";
import { leadingResource, scopesOf } from "./tokens.ts";
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
  | {
      readonly returnTo: string | undefined;
      readonly connection: Connection;
      /** The address of the mailbox that uses it from now on; undefined where none does. */
      readonly mailbox: string | undefined;
    }
  | { readonly returnTo: string | undefined; readonly failure: Failure };

/** Completes a sign-in. Fails as `state_invalid` when the flow is unknown, used, expired or another browser's. */
export async function finish(vault: Vault, input: FinishInput): Promise<Finished> {
  // First of all: whatever happens below, this state is worth nothing from now on.
  const flow = vault.journal.flows.take(input.flow);
  if (!flow || flow.expiresAt <= vault.clock.now() || flow.redirectUri !== input.redirectUri)
    throw await refusedState(vault, input, "unknown, used or expired");
  if (!(await isSameBrowser(flow, input.browser))) throw await refusedState(vault, input, "another browser");
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
    const mailbox = mailboxOf(vault, connection, { provider: vault.provider(flow.provider), flow })?.address;
    return { returnTo: flow.returnTo, connection, mailbox };
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

/** Somebody came with a state that is worth nothing: a reload, or an attack. The trail has it either way. */
async function refusedState(vault: Vault, { requestId, network }: FinishInput, why: string): Promise<Failure> {
  const refusedAs = invalid(why);
  const detail = { why, network: network ?? null };
  const event = {
    action: "refuse",
    outcome: "failed",
    failure: refusedAs,
    actor: "nobody",
    requestId,
    detail,
  } as const;
  await record(vault, event);
  return refusedAs;
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
  await revocationsTold(vault, provider);
  // From here until the row stands nothing else would say that this grant must not be revoked with another.
  vault.memory.signIns.set(input.flow, provider.id);
  try {
    const tokens = await redeem(signIn, answer.code);
    const identity = await identityOf(vault, { provider, flow, tokens });
    const { network, requestId } = input;
    return await store(vault, { provider, flow, identity, tokens, network, requestId });
  } finally {
    vault.memory.signIns.delete(input.flow);
  }
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
  // A code may be for several resources, a token is for one (AADSTS28000): the others' are got by refresh.
  const resource = leadingResource(provider, flow.scopes);
  const asked = [...provider.openidScopes, ...scopesOf(provider, resource, flow.scopes)];
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

/** The same account heals its row in place; another account becomes a second connection. */
async function store(vault: Vault, granted: Granted): Promise<Connection> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const rows = await loadRows(vault);
    const before = [...rows.values()].find(
      (row) => row.provider === granted.provider.id && row.account === granted.identity.account,
    );
    const next = await connectedRow(vault, before, granted);
    const consent = consentOf(next, granted);
    const also = { consents: [consent], mail: mailLinksOf(vault, next, granted) };
    const commit = await commitRow(vault, { before, next, decided: true, also });
    if (commit.kind === "stored") {
      endPause(vault, next.id);
      vault.journal.markers.drop(next.id);
      planEnd(vault, commit.row);
      await recordConsent(vault, commit.row, consent);
      return commit.row;
    }
    // Somebody else wrote: read everything anew and lay this grant over it.
    await rereadRows(vault, 0);
  }
  throw failure("internal", "The connection could not be stored.", { reason: "compare-and-set lost five times" });
}

/** In the trail it stays when everything else of the owner is erased. */
function recordConsent(vault: Vault, { id: connection, provider }: Connection, consent: ConsentRecord): Promise<void> {
  const { asked, granted, network, policyVersion, actor, requestId } = consent;
  return record(vault, {
    action: "consent",
    outcome: "ok",
    provider,
    connection,
    actor,
    ...(requestId === null ? {} : { requestId }),
    detail: { asked, granted, network, policy_version: policyVersion },
  });
}

/** A grant without a refresh token ends with its access token: then it is to say so, whether or not anybody asks. */
function planEnd(vault: Vault, { id, generation, refreshToken, tokenExpiresAt }: Connection): void {
  if (refreshToken === null && tokenExpiresAt !== null) plan(vault, id, { at: tokenExpiresAt, generation });
}

function invalid(reason: string): Failure {
  return failure("state_invalid", "This sign-in is not known here, has expired or was already used. Start again.", {
    reason: `flow: ${reason}`,
  });
}
