/** A lane: schedules that run one after the other, with a clock and stand-ins of their own. Most of a schedule is waiting, so several lanes run side by side. */
import type { Hono } from "hono";
import { createSandbox } from "../sandbox/app.ts";
import { memoryStore } from "../sandbox/store.ts";
import { createTraffic, createVirtualClock } from "./virtual-clock.ts";

/**
 * How the provider treats an old refresh token. The first three are Entra's stand-in; `notion` rotates both tokens, says
 * neither scope nor lifetime, ends a grant whose old token is shown, and takes revocations.
 */
export type Rotation = "keep" | "rotate" | "family" | "notion";

/** Notion's access tokens live for an hour here, and nobody is told. */
const NOTION = { notion_replay: "revoke", notion_expires_in: 3600 };

/** See the head of this file. */
export class Lane {
  readonly clock = createVirtualClock(Date.parse("2026-11-20T10:00:00Z"));
  readonly traffic = createTraffic();
  // One stand-in for all schedules of a rotation.
  readonly #providers = new Map<Rotation, Hono>();

  constructor(readonly name: string) {}

  /** The stand-in that rotates so. */
  async provider(rotation: Rotation): Promise<Hono> {
    const known = this.#providers.get(rotation);
    if (known) return known;
    const app = createSandbox({ store: memoryStore(), now: () => this.clock.now() });
    this.#providers.set(rotation, app);
    await this.control(rotation, "settings", rotation === "notion" ? NOTION : { refresh_rotation: rotation });
    return app;
  }

  /** Calls a control of a stand-in. */
  async control(rotation: Rotation, path: string, body: unknown = {}): Promise<void> {
    const app = await this.provider(rotation);
    const headers = { "Content-Type": "application/json" };
    const request = { method: "POST", body: JSON.stringify(body), headers };
    const answer = await app.request(`${this.loginUrl(rotation)}/_sandbox/${path}`, request);
    if (!answer.ok) throw new Error(`the stand-in refused ${path}: ${answer.status}`);
  }

  /** Where a stand-in believes to be: metadata is remembered by address. */
  loginUrl(rotation: Rotation): string {
    return `https://login.${rotation}-${this.name}.test`;
  }
}
