/** From a token answer to what a row stores, and back. */
import type { Connection } from "../db/connections.ts";
import type { StoredAccessToken } from "../db/schema.ts";
import { open, seal, type SealedPlace } from "../lib/seal.ts";
import type { Provider } from "../providers/provider.ts";
import { equalScopes, isOpenidScope, spelledOut } from "../providers/scopes.ts";
import type { AccessGrant } from "./grant.ts";
import type { TokenAnswer } from "./token-answer.ts";
import type { Vault } from "./vault.ts";

/** Part of a row that a token answer changes. */
export type TokenFields = Pick<
  Connection,
  | "scopes"
  | "refreshToken"
  | "refreshTokenAt"
  | "accessTokens"
  | "tokenExpiresAt"
  | "grantExpiresAt"
  | "lastRefreshedAt"
  | "updatedAt"
>;

/** A row as far as sealing its tokens needs it. */
export type TokenHolder = Pick<
  Connection,
  "id" | "scopes" | "withheld" | "refreshToken" | "refreshTokenAt" | "accessTokens" | "grantExpiresAt"
>;

/** Seals an answer for `holder`. A missing refresh token keeps the old one; a missing scope means what was asked for (RFC 6749 sections 5.1 and 6). */
export async function sealAnswer(
  vault: Vault,
  holder: TokenHolder,
  {
    provider,
    resource,
    asked,
    tokens,
  }: { provider: Provider; resource: string; asked: readonly string[]; tokens: TokenAnswer },
): Promise<TokenFields> {
  const now = vault.clock.now();
  const scopes = tokens.scope === undefined ? asked : qualify(provider, resource, tokens.scope);
  const accessToken: StoredAccessToken = {
    sealed: await seal(vault.ring, placeOf(vault, holder, accessField(resource)), tokens.access_token),
    tokenType: tokens.token_type,
    scopes,
    issuedAt: now,
    expiresAt: tokens.expires_in === undefined ? null : now + tokens.expires_in * 1000,
  };
  const accessTokens = { ...holder.accessTokens, [resource]: accessToken };
  const renewed = tokens.refresh_token !== undefined;
  const refreshToken = renewed
    ? await seal(vault.ring, placeOf(vault, holder, "refresh_token"), tokens.refresh_token ?? "")
    : holder.refreshToken;
  return {
    scopes: [
      ...holder.scopes.filter((scope) => !isOf(provider, resource, scope)),
      ...notWithheld(provider, holder, scopes),
    ],
    refreshToken,
    // Using a refresh token resets its clock of disuse, also where the provider sends no new one.
    refreshTokenAt: refreshToken === null ? null : now,
    accessTokens,
    tokenExpiresAt: soonestOf(accessTokens, now),
    grantExpiresAt: grantEnd(holder, tokens, now),
    lastRefreshedAt: now,
    updatedAt: now,
  };
}

/** Without what the owner took back: a provider that divides no grant goes on granting it. */
function notWithheld(provider: Provider, { withheld }: TokenHolder, scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !withheld?.some((one) => equalScopes(provider, one, scope)));
}

/** When the refresh token dies whatever is done, ms: as the answer says, else as it was known before. */
function grantEnd(holder: TokenHolder, tokens: TokenAnswer, now: number): number | null {
  const { refresh_token_expires_in: lifeS } = tokens;
  return lifeS === undefined ? holder.grantExpiresAt : now + lifeS * 1000;
}

/** Opens the cached access token of a resource. */
export async function openGrant(vault: Vault, row: Connection, resource: string): Promise<AccessGrant | undefined> {
  const stored = row.accessTokens[resource];
  if (!stored) return undefined;
  const name = `${row.id}/${resource}`;
  const known = vault.memory.grants.get(name);
  if (known?.sealed === stored.sealed) return known.grant;
  const grant: AccessGrant = {
    connection: row.id,
    accessToken: await open(vault.ring, placeOf(vault, row, accessField(resource)), stored.sealed),
    tokenType: stored.tokenType,
    expiresAt: stored.expiresAt,
    scopes: stored.scopes,
    provider: row.provider,
    resource,
    ticket: ticketOf(stored),
  };
  vault.memory.grants.set(name, { sealed: stored.sealed, grant });
  return grant;
}

/** Names a stored token without saying anything of it: the nonce it was sealed with, never used twice. */
export function ticketOf(stored: StoredAccessToken): string {
  return stored.sealed.split(".")[2] ?? "";
}

/** Seals a token that the provider is still to be told of. */
export function sealForRevocation(vault: Vault, row: Connection, token: string): Promise<string> {
  return seal(vault.ring, placeOf(vault, row, "revocation"), token);
}

/** Opens a token that the provider is still to be told of. */
export function openForRevocation(vault: Vault, row: Connection, sealed: string): Promise<string> {
  return open(vault.ring, placeOf(vault, row, "revocation"), sealed);
}

/** Any access token of the row, opened; undefined where there is none. */
export async function openAccessToken(vault: Vault, row: Connection): Promise<string | undefined> {
  const [first] = Object.entries(row.accessTokens);
  if (!first) return undefined;
  const [resource, { sealed }] = first;
  return open(vault.ring, placeOf(vault, row, accessField(resource)), sealed);
}

/** All that is sealed in a row, sealed anew by the ring's first key. Fails as `internal` where a key is missing. */
export async function resealed(
  vault: Vault,
  row: Connection,
): Promise<Pick<Connection, "refreshToken" | "accessTokens" | "revocation">> {
  const anew = async (field: string, sealed: string) => {
    const place = placeOf(vault, row, field);
    return seal(vault.ring, place, await open(vault.ring, place, sealed));
  };
  const accessTokens: Record<string, StoredAccessToken> = {};
  for (const [resource, token] of Object.entries(row.accessTokens))
    accessTokens[resource] = { ...token, sealed: await anew(accessField(resource), token.sealed) };
  return {
    accessTokens,
    refreshToken: row.refreshToken === null ? null : await anew("refresh_token", row.refreshToken),
    revocation: row.revocation && { ...row.revocation, sealed: await anew("revocation", row.revocation.sealed) },
  };
}

/** Opens the refresh token; undefined where there is none. */
export async function openRefreshToken(vault: Vault, row: Connection): Promise<string | undefined> {
  return row.refreshToken === null
    ? undefined
    : open(vault.ring, placeOf(vault, row, "refresh_token"), row.refreshToken);
}

/** The granted scopes of one resource. */
export function scopesOf(provider: Provider, resource: string, scopes: readonly string[]): string[] {
  return scopes.filter((scope) => isOf(provider, resource, scope));
}

/** True where the grant holds something of that resource; where the provider has but one, always. */
export function isHeld(provider: Provider, resource: string, scopes: readonly string[]): boolean {
  return provider.resources[resource]?.scopePrefix === "" || scopes.some((scope) => isOf(provider, resource, scope));
}

/** The resources of which something is granted, in the provider's order. */
export function resourcesOf(provider: Provider, scopes: readonly string[]): string[] {
  return Object.keys(provider.resources).filter((name) => scopesOf(provider, name, scopes).length > 0);
}

/** The one to get a token for where nobody said which: that which says whose account it is, else the first of those that were asked for. */
export function leadingResource(provider: Provider, scopes: readonly string[]): string {
  const asked = resourcesOf(provider, scopes);
  const wanted = [provider.account?.resource, provider.firstResource, ...asked];
  return wanted.find((name) => name !== undefined && asked.includes(name)) ?? provider.firstResource;
}

/** What a row holds when nothing of that resource is left. `now`: ms. */
export function withoutResource(
  provider: Provider,
  { scopes, accessTokens }: TokenHolder,
  { resource, now }: { readonly resource: string; readonly now: number },
): Pick<TokenFields, "scopes" | "accessTokens" | "tokenExpiresAt"> {
  const { [resource]: _gone, ...left } = accessTokens;
  return {
    scopes: scopes.filter((scope) => !isOf(provider, resource, scope)),
    accessTokens: left,
    tokenExpiresAt: soonestOf(left, now),
  };
}

function isOf(provider: Provider, resource: string, scope: string): boolean {
  const prefix = provider.resources[resource]?.scopePrefix;
  return prefix !== undefined && scope.toLowerCase().startsWith(prefix.toLowerCase());
}

/** An answer may leave the resource's prefix out, or use another spelling; OpenID scopes belong to no resource. */
function qualify(provider: Provider, resource: string, answer: string): string[] {
  const prefix = provider.resources[resource]?.scopePrefix ?? "";
  const own = scopesIn(answer).filter((scope) => !isOpenidScope(provider, scope));
  return own.map((one) => {
    const alias = spelledOut(provider, one);
    // An alias is whole as it is.
    return alias !== one || one.includes("://") ? alias : prefix + one;
  });
}

/** RFC 6749 section 3.3 separates them by spaces; some use commas. */
function scopesIn(answer: string): string[] {
  return answer.split(answer.includes(" ") ? " " : ",").filter((one) => one !== "");
}

/** When the first of the tokens that live still dies, ms; of those that are dead, where none lives. `now`: ms. */
export function soonestOf(tokens: Readonly<Record<string, StoredAccessToken>>, now: number): number | null {
  const times = Object.values(tokens).flatMap((token) => (token.expiresAt === null ? [] : [token.expiresAt]));
  const alive = times.filter((time) => time > now);
  return times.length === 0 ? null : Math.min(...(alive.length > 0 ? alive : times));
}

function accessField(resource: string): string {
  return `access_token:${resource}`;
}

function placeOf(vault: Vault, holder: Pick<Connection, "id">, field: string): SealedPlace {
  return { system: vault.system, owner: vault.owner, connection: holder.id, field };
}
