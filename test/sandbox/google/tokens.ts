import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import { diesInTesting, findGrant, TESTING_LIFETIME_MS, type GoogleGrant } from "./grants.ts";

/** An access token or a refresh token. Times are in milliseconds. */
export interface GoogleToken {
  token: string;
  kind: "access" | "refresh";
  clientId: string;
  person: string;
  grantId: string;
  scopes: string[];
  issuedAt: number;
  usedAt: number;
  expiresAt: number | null;
  /** Whether a refresh token came with the consent. */
  offline: boolean;
  /** Issued while the consent screen was in testing. */
  testing: boolean;
}

/** How many refresh tokens an account may have for one client; one more and the oldest dies without a word. */
export const REFRESH_TOKEN_LIMIT = 100;

const UNUSED_LIFETIME_MS = 180 * 86_400_000;

interface Issue {
  grant: GoogleGrant;
  scopes: readonly string[];
  offline: boolean;
}

/** A new access token. */
export function issueAccessToken(world: World, issue: Issue): GoogleToken {
  const lifetimeMs = world.settings().google_expires_in * 1000;
  return save(world, { ...base(world, issue), token: `ya29.a0${randomText(160)}`, kind: "access" }, lifetimeMs);
}

/** A new refresh token; the oldest dies when there are too many. */
export function issueRefreshToken(world: World, issue: Issue): GoogleToken {
  const limit = world.settings().google_refresh_token_expires_in;
  const fresh = { ...base(world, issue), token: `1//0g${randomText(72)}`, kind: "refresh" } as const;
  const token = save(world, fresh, limit === null ? null : limit * 1000);
  const live = tokensOf(world, issue.grant, "refresh").filter((other) => isAlive(world, other));
  for (const old of live.slice(0, -REFRESH_TOKEN_LIMIT)) world.store.delete(tokenKey(old.token));
  return token;
}

/** The token of this value, alive or not. */
export function findGoogleToken(world: World, value: string): GoogleToken | undefined {
  const found = world.store.get<GoogleToken>(tokenKey(value));
  return found?.token === value ? found : undefined;
}

/** The token of this value and kind, and its grant, as long as both live. */
export function liveToken(world: World, value: string, kind?: GoogleToken["kind"]) {
  const token = findGoogleToken(world, value);
  if (token === undefined || (kind !== undefined && token.kind !== kind) || !isAlive(world, token)) return undefined;
  const grant = findGrant(world, token.clientId, token.person);
  return grant && { token, grant };
}

/** Notes that a refresh token was used: it lives for another six months. */
export function touchToken(world: World, token: GoogleToken): void {
  world.store.put(tokenKey(token.token), { ...token, usedAt: world.now() });
}

/** Ends tokens of a grant before their time, and says how many. */
export function expireGoogleTokens(world: World, grant: GoogleGrant, kinds: readonly GoogleToken["kind"][]): number {
  const met = kinds.flatMap((kind) => tokensOf(world, grant, kind)).filter((token) => isAlive(world, token));
  for (const token of met) world.store.put(tokenKey(token.token), { ...token, expiresAt: world.now() });
  return met.length;
}

/** How many refresh tokens of a grant live. */
export function countRefreshTokens(world: World, grant: GoogleGrant): number {
  return tokensOf(world, grant, "refresh").filter((token) => isAlive(world, token)).length;
}

function isAlive(world: World, token: GoogleToken): boolean {
  const now = world.now();
  const grant = findGrant(world, token.clientId, token.person);
  if (grant?.id !== token.grantId) return false;
  if (token.expiresAt !== null && token.expiresAt <= now) return false;
  if (token.kind === "access") return true;
  const tested = (token.testing || world.settings().google_testing) && diesInTesting(token.scopes);
  return token.usedAt + UNUSED_LIFETIME_MS > now && !(tested && token.issuedAt + TESTING_LIFETIME_MS <= now);
}

function base(world: World, { grant, scopes, offline }: Issue) {
  const { clientId, person, id: grantId } = grant;
  const now = world.now();
  const testing = world.settings().google_testing;
  return { clientId, person, grantId, scopes: [...scopes], issuedAt: now, usedAt: now, offline, testing };
}

function save(world: World, token: Omit<GoogleToken, "expiresAt">, lifetimeMs: number | null): GoogleToken {
  const expiresAt = lifetimeMs === null ? null : world.now() + lifetimeMs;
  const whole = { ...token, expiresAt };
  world.store.put(tokenKey(whole.token), whole);
  const sequence = (world.store.get<number>("google-token-sequence") ?? 0) + 1;
  world.store.put("google-token-sequence", sequence);
  world.store.put(`${heldKey(token, token.kind)}${String(sequence).padStart(12, "0")}`, whole.token);
  return whole;
}

// Oldest first. The index keeps a sign-in away from everybody else's tokens.
function tokensOf(world: World, grant: GoogleGrant, kind: GoogleToken["kind"]): GoogleToken[] {
  const held = world.store.list<string>(heldKey(grant, kind));
  return held.flatMap(([key, value]) => {
    const token = findGoogleToken(world, value);
    if (token === undefined || token.grantId !== grant.id) world.store.delete(key);
    return token !== undefined && token.grantId === grant.id ? [token] : [];
  });
}

function heldKey({ clientId, person }: { clientId: string; person: string }, kind: string): string {
  return `google-held:${clientId}:${person}:${kind}:`;
}

function tokenKey(value: string): string {
  return `google-token:${value.slice(0, 300)}`;
}
