/** What a sign-in makes of a row: the grant as it was given, and the record of the consent to it. */
import type { ConsentRecord } from "../db/companions.ts";
import type { Connection } from "../db/connections.ts";
import { newConnectionId, newConsentId } from "../lib/ids.ts";
import type { Identity, Provider } from "../providers/provider.ts";
import { equalScopes } from "../providers/scopes.ts";
import type { Flow } from "./journal.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { leadingResource, scopesOf, sealAnswer, type TokenHolder } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** A grant that was just given. */
export interface Granted {
  readonly provider: Provider;
  readonly flow: Flow;
  readonly identity: Identity;
  readonly tokens: TokenAnswer;
  /** The network that the browser came from, never its whole address. */
  readonly network: string | undefined;
  readonly requestId: string;
}

/** Who granted what. It stays when the connection goes. */
export function consentOf(row: Connection, { flow, network, requestId }: Granted): ConsentRecord {
  return {
    id: newConsentId(),
    at: row.connectedAt,
    owner: row.owner,
    connection: row.id,
    provider: row.provider,
    account: row.account,
    asked: flow.scopes,
    granted: row.scopes,
    network: network ?? null,
    policyVersion: flow.policyVersion ?? "1",
    actor: flow.actor,
    requestId,
  };
}

/** The row of a grant, new or laid over `before`: the same account heals in place, whatever it was marked with. */
export async function connectedRow(
  vault: Vault,
  before: Connection | undefined,
  granted: Granted,
): Promise<Connection> {
  const now = vault.clock.now();
  const holder = holderFor(before, granted, now);
  const fields = await sealed(vault, holder, granted);
  const { provider, flow, identity } = granted;
  return {
    ...HEALED,
    id: holder.id,
    owner: vault.owner,
    provider: provider.id,
    account: identity.account,
    profile: profileOf(identity),
    ...fields,
    generation: (before?.generation ?? 0) + 1,
    version: (before?.version ?? 0) + 1,
    lastUsedAt: before?.lastUsedAt ?? now,
    connectedAt: now,
    createdAt: before?.createdAt ?? now,
    askedScopes: flow.scopes,
    withheld: holder.withheld,
  };
}

/** A new grant leaves nothing of what was wrong with the old one, nor of what was still to be revoked. */
const HEALED = {
  status: "active",
  statusReason: null,
  statusCode: null,
  statusClaims: null,
  statusMend: null,
  refreshFailures: 0,
  lastFailure: null,
  expiryAnnouncedAt: null,
  sealedWith: null,
  revocation: null,
  revocationDueAt: null,
} as const satisfies Partial<Connection>;

function holderFor(before: Connection | undefined, { provider, flow, tokens }: Granted, now: number): TokenHolder {
  const { lifetimeMs } = provider.refreshTokens;
  // Only a grant that still stands may lend its refresh token to an answer that carries none; it then dies when it would have.
  const lent = before?.status === "active" && tokens.refresh_token === undefined ? before : undefined;
  return {
    id: before?.id ?? newConnectionId(),
    // Consent was given to all of it on one page; what the code was redeemed for is replaced by what was granted.
    scopes: flow.scopes,
    withheld: stillWithheld(provider, before, flow),
    accessTokens: {},
    refreshToken: lent?.refreshToken ?? null,
    refreshTokenAt: null,
    grantExpiresAt: lent ? lent.grantExpiresAt : lifetimeMs === undefined ? null : now + lifetimeMs,
  };
}

/** What was asked for again is no longer withheld. */
function stillWithheld(provider: Provider, before: Connection | undefined, { scopes }: Flow): readonly string[] | null {
  const still = before?.withheld?.filter((one) => !scopes.some((scope) => equalScopes(provider, one, scope))) ?? [];
  return still.length > 0 ? still : null;
}

function sealed(vault: Vault, holder: TokenHolder, { provider, flow, tokens }: Granted) {
  const resource = leadingResource(provider, flow.scopes);
  return sealAnswer(vault, holder, { provider, resource, asked: scopesOf(provider, resource, flow.scopes), tokens });
}

const MOST_CHARACTERS = 256;

/** What is kept of an identity to show to people: no more than fits a line, and no picture from anywhere but the web. */
export function profileOf({ name, address, tenant, picture = null }: Identity): Required<Connection["profile"]> {
  const short = (text: string | null) => text?.slice(0, MOST_CHARACTERS) ?? null;
  const shown = picture !== null && picture.length <= 2_048 && URL.parse(picture)?.protocol === "https:";
  return { name: short(name), address: short(address), tenant: short(tenant), picture: shown ? picture : null };
}
