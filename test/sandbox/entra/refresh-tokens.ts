import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import type { Consenter } from "./consents.ts";
import { invalidGrant } from "./errors.ts";
import type { User } from "./users.ts";

/** A refresh token: bound to the user and the application, not to a resource. Times are in milliseconds. */
export interface RefreshToken {
  token: string;
  /** Every token that descends from one redeemed code. */
  family: string;
  who: Consenter;
  user: string;
  audience: string;
  oidc: string[];
  /** What a refresh without a scope asks for. */
  resource: string;
  names: string[];
  claims?: string;
  nonce?: string;
  issuedAt: number;
  usedAt: number;
  dead?: "rotated" | "revoked";
}

const INACTIVITY_MS = 90 * 24 * 60 * 60_000;

/** What a new refresh token carries over. */
export type RefreshTokenSeed = Omit<RefreshToken, "token" | "issuedAt" | "usedAt" | "dead">;

/** Issues a refresh token. It is over a kilobyte long, as the provider's are. */
export function issueRefreshToken(world: World, seed: RefreshTokenSeed): string {
  const token = `1.AXkA${randomText(900)}`;
  const now = world.now();
  world.store.put<RefreshToken>(refreshKey(token), { ...seed, token, issuedAt: now, usedAt: now });
  return token;
}

/** The refresh token as it was issued to this application. Throws when it was not. */
export function findRefreshToken(world: World, token: string, clientId: string): RefreshToken {
  const record = world.store.get<RefreshToken>(refreshKey(token));
  if (record?.token === token && record.who.clientId === clientId) return record;
  throw invalidGrant(
    70000,
    "Provided grant is invalid or malformed: the value of the input parameter 'refresh_token' is not valid.",
    "bad_token",
  );
}

/** Throws when the refresh token died: replayed, revoked or forgotten for 90 days. */
export function checkRefreshToken(world: World, record: RefreshToken, user: User): void {
  if (record.dead === "rotated" && world.settings().refresh_rotation === "family") revokeFamily(world, record.family);
  if (record.dead !== undefined || isFamilyRevoked(world, record.family)) {
    throw invalidGrant(
      70008,
      "The provided authorization code or refresh token has expired or was revoked.",
      "bad_token",
    );
  }
  if (user.tokensValidFrom !== undefined && record.issuedAt <= user.tokensValidFrom) {
    const text = `The provided grant has expired due to it being revoked, a fresh auth token is needed. TokensValidFrom: ${new Date(user.tokensValidFrom).toISOString()}.`;
    throw invalidGrant(50173, text, "bad_token");
  }
  if (record.usedAt + INACTIVITY_MS <= world.now()) {
    throw invalidGrant(
      700082,
      "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.",
    );
  }
}

/** Notes the use of a refresh token, which ends it when the provider rotates. */
export function spendRefreshToken(world: World, record: RefreshToken): void {
  const { refresh_rotation: rotation, refresh_token_in_answer: answered } = world.settings();
  const dies = rotation !== "keep" && answered;
  world.store.put<RefreshToken>(refreshKey(record.token), {
    ...record,
    usedAt: world.now(),
    ...(dies && { dead: "rotated" }),
  });
}

/** Ends every refresh token of a family (RFC 9700 section 4.14.2). */
export function revokeFamily(world: World, family: string): void {
  world.store.put(`family:${family}`, "revoked");
}

function isFamilyRevoked(world: World, family: string): boolean {
  return world.store.get(`family:${family}`) !== undefined;
}

function refreshKey(token: string): string {
  return `refresh:${token.slice(0, 60)}`;
}
