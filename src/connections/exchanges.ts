/**
 * Refreshes that are between their provider and D1, where the provider replaces the refresh token. An object that is being
 * shut down is stopped at its next access to its own storage, and such a refresh with it: its answer, and with it the grant,
 * would be lost. So own storage is left alone by one connection while another's answer is awaited, but not for longer than
 * a provider usually takes: a slow one must not hold up the rest. Where the old refresh token goes on, nothing is lost.
 */
import type { Connection } from "../db/connections.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Vault } from "./vault.ts";

const PATIENCE_MS = 1_000;

/** By connection, each with what ends it. */
export type Exchanges = Map<ConnectionId, { readonly ended: Promise<void>; readonly end: () => void }>;

/** Begins an exchange: a request whose answer must reach D1. Waits for those of other connections like {@link othersSettled}. {@link endExchange} ends it. */
export async function beginExchange(vault: Vault, { id, provider }: Connection): Promise<void> {
  const { rotation } = vault.provider(provider).refreshTokens;
  await othersSettled(vault, id, () => {
    if (rotation !== "rotates") return;
    const { promise, resolve } = Promise.withResolvers<void>();
    vault.memory.exchanges.set(id, { ended: promise, end: resolve });
  });
}

/** Says that D1 has the answer, or that there was none. */
export function endExchange({ memory }: Vault, id: ConnectionId): void {
  memory.exchanges.get(id)?.end();
  memory.exchanges.delete(id);
}

/** True while another connection's answer is awaited. */
export function othersAreOut({ memory }: Vault, id: ConnectionId): boolean {
  return [...memory.exchanges.keys()].some((other) => other !== id);
}

/** Comes back when no other connection's answer is awaited, after a second at the latest. `then` is done before anybody else can begin. */
export async function othersSettled(vault: Vault, id: ConnectionId, then?: () => void): Promise<void> {
  const until = vault.clock.now() + PATIENCE_MS;
  // Whoever was waiting as well may go first: then it is its answer that is awaited.
  while (othersAreOut(vault, id) && vault.clock.now() < until) {
    const others = [...vault.memory.exchanges].filter(([other]) => other !== id).map(([, { ended }]) => ended);
    const timer = vault.clock.after(until - vault.clock.now());
    await Promise.race([Promise.all(others), timer.done]);
    timer.cancel();
  }
  then?.();
}
