import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import { findConnection, type Connection } from "./connections.ts";

/** An access or refresh token of a connection. Times are in milliseconds. */
export interface Token {
  token: string;
  kind: "access" | "refresh";
  connectionId: string;
  /** Which tokens a refresh replaces together: those of one answer. */
  pair: string;
  issuedAt: number;
  /** When a refresh put another in its place. */
  replacedAt?: number;
  /** A control ended it. */
  expired?: boolean;
}

/** A token with what it belongs to. */
export interface Held {
  token: Token;
  connection: Connection;
}

/** Issues a pair of tokens; the refresh token is null where the provider gives none. */
export function issueTokens(
  world: World,
  { id }: Connection,
  pair: string = crypto.randomUUID(),
): { access: string; refresh: string | null } {
  const refresh = world.settings().notion_refresh_token ? `nrt_${randomText(36)}` : null;
  const access = `ntn_${randomText(36)}`;
  const shared = { connectionId: id, pair, issuedAt: world.now() };
  saveToken(world, { ...shared, token: access, kind: "access" });
  if (refresh !== null) saveToken(world, { ...shared, token: refresh, kind: "refresh" });
  return { access, refresh };
}

/** A token and its connection, in whatever state they are. */
export function findToken(world: World, value: string): Held | undefined {
  const token = world.store.get<Token>(tokenKey(value));
  const connection = token && findConnection(world, token.connectionId);
  return token && connection && { token, connection };
}

/** Whether a token works at this moment. */
export function isAlive(world: World, { token, connection }: Held): boolean {
  const { notion_rotation_grace_ms: graceMs, notion_expires_in: lifetime } = world.settings();
  const now = world.now();
  if (connection.ended !== undefined || token.expired === true) return false;
  if (token.replacedAt !== undefined && now >= token.replacedAt + graceMs) return false;
  return token.kind === "refresh" || lifetime === null || now < token.issuedAt + lifetime * 1000;
}

/** Puts a new pair in the place of a refresh token and its access token, and issues it. */
export function rotateTokens(world: World, { token, connection }: Held): ReturnType<typeof issueTokens> {
  // Without a successor the refresh token has to go on working, and the new access token joins its pair.
  const successor = world.settings().notion_refresh_token;
  for (const old of tokensOf(world, connection, token.pair)) {
    if (old.replacedAt === undefined && (successor || old.kind === "access"))
      saveToken(world, { ...old, replacedAt: world.now() });
  }
  return issueTokens(world, connection, successor ? undefined : token.pair);
}

/** Ends tokens of a connection before their time, and says how many. */
export function expireTokens(world: World, connection: Connection, kinds: readonly Token["kind"][]): number {
  const met = tokensOf(world, connection).filter(({ kind }) => kinds.includes(kind));
  for (const token of met) saveToken(world, { ...token, expired: true });
  return met.length;
}

// The index keeps a refresh away from everybody else's tokens, and from its own of long ago.
function tokensOf(world: World, { id }: Connection, pair?: string): Token[] {
  const prefix = pair === undefined ? heldKey(id, "") : `${heldKey(id, pair)}:`;
  const values = world.store.list<string>(prefix).map(([, value]) => value);
  return values.flatMap((value) => world.store.get<Token>(tokenKey(value)) ?? []);
}

function saveToken(world: World, token: Token): void {
  world.store.put(tokenKey(token.token), token);
  world.store.put(`${heldKey(token.connectionId, token.pair)}:${token.token}`, token.token);
}

function heldKey(connectionId: string, pair: string): string {
  return `notion-held:${connectionId}:${pair}`;
}

function tokenKey(value: string): string {
  return `notion-token:${value.slice(0, 100)}`;
}
