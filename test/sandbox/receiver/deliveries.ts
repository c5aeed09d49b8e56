import type { SandboxStore } from "../store.ts";

/** One request as a hook received it. Nothing is hidden: a signature has to be checked over the very bytes. */
export interface Delivery {
  id: number;
  name: string;
  /** When it arrived by the sandbox's clock, RFC 3339. */
  at: string;
  path: string;
  query: Record<string, string>;
  /** All headers, their names in lower case. */
  headers: Record<string, string>;
  /** The body as it arrived. */
  body: string;
  /** The status answered, or 0 when the answer was dropped. */
  status: number;
}

/** How many of the latest deliveries are kept. */
export const KEPT_DELIVERIES = 2_000;

const SEQUENCE = "hook-sequence";

/** Keeps a delivery and lets go of the one that no longer fits. */
export function recordDelivery(store: SandboxStore, delivery: Omit<Delivery, "id">): void {
  const id = (store.get<number>(SEQUENCE) ?? 0) + 1;
  store.put(SEQUENCE, id);
  store.put(deliveryKey(id), { ...delivery, id });
  store.delete(deliveryKey(id - KEPT_DELIVERIES));
}

/** What a hook, or every hook, received, newest last. */
export function listDeliveries(store: SandboxStore, name?: string): Delivery[] {
  const all = store.list<Delivery>("hook:").map(([, delivery]) => delivery);
  return all.filter((delivery) => name === undefined || delivery.name === name);
}

/** Forgets what a hook, or every hook, received. */
export function clearDeliveries(store: SandboxStore, name?: string): void {
  for (const { id } of listDeliveries(store, name)) store.delete(deliveryKey(id));
}

function deliveryKey(id: number): string {
  return `hook:${String(id).padStart(12, "0")}`;
}
