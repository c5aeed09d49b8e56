/** Whose account was connected: read where this provider says so. */
import { Failure, failure } from "../lib/errors.ts";
import type { Identity, Provider } from "../providers/provider.ts";
import { type AccountQuestion, readAccount } from "./account.ts";
import { identityIn } from "./id-token.ts";
import type { Flow } from "./journal.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { leadingResource } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** What a new connection's identity is read from. */
export interface NewGrant {
  readonly provider: Provider;
  readonly flow: Flow;
  readonly tokens: TokenAnswer;
}

/** Who it is. Fails as `provider_error` where the provider does not say, or as asking it does. */
export async function identityOf(vault: Vault, grant: NewGrant): Promise<Identity> {
  const { provider, tokens } = grant;
  const question = { provider, sender: vault.sender, now: vault.clock.now(), accessToken: tokens.access_token };
  switch (provider.identity.kind) {
    case "id_token": {
      const identity = await fromIdToken(vault, grant, provider.identity);
      // A token for another resource would be refused there, and must not be shown there.
      const fits = provider.account?.resource === leadingResource(provider, grant.flow.scopes);
      return fits ? completed(vault, question, identity) : identity;
    }
    case "token_answer":
      return named(provider.identity.identify(tokens.raw));
    case "account": {
      const answer = await readAccount(question);
      return named(answer.kind === "read" ? { ...NOBODY, ...answer.identity } : undefined);
    }
    case "none":
      return { ...NOBODY, account: "default" };
  }
}

const NOBODY = { account: "", name: null, address: null, tenant: null, picture: null };

function named(identity: Identity | undefined): Identity {
  if (identity && identity.account !== "") return identity;
  throw failure("provider_error", "The provider does not say whose account it is.", { reason: "no account id" });
}

function fromIdToken(
  vault: Vault,
  { provider, flow, tokens }: NewGrant,
  source: Extract<Provider["identity"], { kind: "id_token" }>,
): Promise<Identity> {
  if (!tokens.id_token) throw failure("provider_error", "The provider sent no id_token.");
  return identityIn(tokens.id_token, {
    provider,
    source,
    sender: vault.sender,
    nonce: flow.nonce,
    now: vault.clock.now(),
  });
}

/** What the id_token leaves out is asked for, and done without where it does not come: the grant is what counts. */
async function completed(vault: Vault, question: AccountQuestion, identity: Identity): Promise<Identity> {
  if (!question.provider.account?.atConnect) return identity;
  try {
    const answer = await readAccount(question);
    return answer.kind === "read" ? withProfile(identity, answer.identity) : identity;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    vault.log.warn("account not read", { provider: question.provider.id, failure: error.code, reason: error.reason });
    return identity;
  }
}

/** Another `sub` may be an attacker's answer in the place of the user's (OpenID Connect Core section 5.3.2). */
export function withProfile<T extends Identity>(identity: T, { account, ...profile }: Partial<Identity>): T {
  if (account !== undefined && account !== identity.account) return identity;
  const said = Object.entries(profile).filter(([, value]) => value !== null && value !== undefined);
  return { ...identity, ...Object.fromEntries(said) };
}
