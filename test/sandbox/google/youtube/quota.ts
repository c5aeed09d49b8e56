import { wallAt } from "../../graph/wall-clock.ts";
import type { World } from "../../world.ts";
import { GoogleApiError } from "../api-errors.ts";

interface Used {
  day: string;
  units: number;
}

/** Charges a project for a request, also for one that is wrong. Throws 403 when the day's quota does not suffice. */
export function chargeQuota(world: World, clientId: string, units: number): void {
  const { day, units: used } = usedToday(world, clientId);
  if (used + units > world.settings().google_youtube_quota) {
    const text =
      'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.';
    throw new GoogleApiError(403, "quotaExceeded", text, { domain: "youtube.quota" });
  }
  world.store.put<Used>(quotaKey(clientId), { day, units: used + units });
}

/** The units that a project has left today. */
export function quotaLeft(world: World, clientId: string): number {
  return world.settings().google_youtube_quota - usedToday(world, clientId).units;
}

/** Leaves a project so many units for today. */
export function setQuotaLeft(world: World, clientId: string, left: number): void {
  const { day } = usedToday(world, clientId);
  world.store.put<Used>(quotaKey(clientId), { day, units: world.settings().google_youtube_quota - left });
}

// The day begins at midnight where YouTube is at home.
function usedToday(world: World, clientId: string): Used {
  const day = wallAt(world.now(), "America/Los_Angeles").slice(0, 10);
  const used = world.store.get<Used>(quotaKey(clientId));
  return used?.day === day ? used : { day, units: 0 };
}

function quotaKey(clientId: string): string {
  return `google-quota:${clientId}`;
}
