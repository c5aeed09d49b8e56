import * as z from "zod";
import { pack, unpack } from "../../ids.ts";
import type { World } from "../../world.ts";
import { badParameter, GoogleApiError } from "../api-errors.ts";

const schema = z.strictObject({
  of: z.string(),
  since: z.number(),
  from: z.number().nullable(),
  to: z.number().nullable(),
  parameters: z.string(),
  generation: z.number(),
});

/** What a sync token stands for: changes of a listing after a revision. Null stands for no bound. */
export type SyncState = Omit<z.infer<typeof schema>, "generation">;

const GENERATION = "google-sync-generation";

/** A sync token. */
export function syncToken(world: World, state: SyncState): string {
  return pack({ ...state, generation: generation(world) });
}

/** What the request's sync token stands for. Throws 400, or 410 when the full listing has to be done again. */
export function readSyncToken(world: World, query: URLSearchParams, of: string, parameters: string) {
  const given = query.get("syncToken");
  if (given === null) return undefined;
  const state = schema.safeParse(unpack(given));
  if (!state.success || state.data.of !== of) throw badParameter("syncToken", "Invalid sync token value.", "invalid");
  if (state.data.parameters !== parameters)
    throw badParameter("syncToken", "The parameters differ from those of the initial synchronization.", "badRequest");
  if (state.data.generation === generation(world)) return state.data;
  throw new GoogleApiError(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.", {
    domain: "calendar",
    location: { type: "parameter", name: "syncToken" },
  });
}

/** Makes every sync token that was given out expire. */
export function expireSyncTokens(world: World): void {
  world.store.put(GENERATION, generation(world) + 1);
}

function generation(world: World): number {
  return world.store.get<number>(GENERATION) ?? 0;
}
