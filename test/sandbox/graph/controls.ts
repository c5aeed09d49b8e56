import { Hono } from "hono";
import type { World } from "../world.ts";

/** What changes mailboxes from outside. */
export function calendarControls(_world: World): Hono {
  return new Hono();
}
