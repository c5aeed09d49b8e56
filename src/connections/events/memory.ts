/** What a keeper remembers of its deliveries while it lives. All of it may be lost: D1 has what counts. */
import type { EventDelivery } from "../../db/schema-records.ts";

/** See the head of this file. */
export interface DeliveryMemory {
  /** Lanes that are running; `again`: something may have come meanwhile. */
  readonly lanes: Map<string, { again: boolean }>;
  /** Endpoints that asked to be left alone, until when, ms. */
  readonly holds: Map<string, number>;
  /** How tries ended that D1 would not take, by `event|endpoint`: they must not be made again for that. */
  readonly unsettled: Map<string, EventDelivery>;
  /** Shares of the connections that may be open at once, by endpoint. */
  readonly slots: Map<string, Slots>;
}

/** An empty memory. */
export function createDeliveryMemory(): DeliveryMemory {
  return { lanes: new Map(), holds: new Map(), unsettled: new Map(), slots: new Map() };
}

/** Runs what it is given, so many at once; others wait in their order. */
type Slots = <T>(act: () => Promise<T>) => Promise<T>;

/** See {@link Slots}. */
export function createSlots(most: number): Slots {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (act) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
