/** Ways to look at and age a keeper's connections in tests, from the outside: D1, eviction, its stub. */
import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { UserKeeper } from "../../src/index.ts";
import type { ConnectionId } from "../../src/lib/ids.ts";
import { connect, type TokenClaims } from "../support.ts";

/** The keeper of an owner of the main system. */
export function keeperOf(owner: string) {
  return env.USER_KEEPER.get(env.USER_KEEPER.idFromName(`main:${owner}`));
}

/** Connects `person` for a caller and gives the connection's id. */
export async function connected(claims: TokenClaims, person = "ana"): Promise<ConnectionId> {
  const answer = await connect(claims, person);
  const body = await answer.json<{ connection?: { id: ConnectionId } }>();
  if (!body.connection) throw new Error(`not connected: ${JSON.stringify(body)}`);
  return body.connection.id;
}

/** Makes every cached access token of a connection die at `expiresAt` (ms), as D1 and the next life of its keeper see it. */
export async function ageTokens(owner: string, id: string, expiresAt: number): Promise<void> {
  await env.DB.prepare(
    "update connections set access_tokens = json_set(access_tokens, '$.graph.expiresAt', ?1, '$.graph.issuedAt', ?1 - 3600000), token_expires_at = ?1 where id = ?2",
  )
    .bind(expiresAt, id)
    .run();
  await sleep(owner);
}

/** Lets a keeper write behind what it would have written by then, and puts it to sleep. */
export async function sleep(owner: string): Promise<void> {
  const keeper = keeperOf(owner);
  await runInDurableObject<UserKeeper, void>(keeper, (instance) => instance.flush());
  await evictDurableObject(keeper);
}

/** A connection's row in D1. */
export async function rowOf(id: string): Promise<Record<string, unknown>> {
  const row = await env.DB.prepare("select * from connections where id = ?1").bind(id).first();
  if (!row) throw new Error("no such row");
  return row;
}

/** Uses a connection through the keeper: what every route does. */
export function useGraph(owner: string, more: { rejected?: string; minTtlMs?: number } = {}) {
  return keeperOf(owner).use({ provider: "microsoft", resource: "graph", ...more });
}
