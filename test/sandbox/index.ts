import { DurableObject } from "cloudflare:workers";
import type { Hono } from "hono";
import { createSandbox } from "./app.ts";
import { DroppedAnswer } from "./dropped.ts";
import { durableStore } from "./store.ts";

/** What the sandbox's own configuration binds. */
export interface SandboxEnv {
  STATE: DurableObjectNamespace<SandboxState>;
  /** Comma-separated origins whose callbacks the default application registers. */
  SANDBOX_ORIGINS?: string;
}

const DROPPED = "x-sandbox-dropped";

/** All state of the sandbox, in one object that survives a restart. */
export class SandboxState extends DurableObject<SandboxEnv> {
  readonly #app: Hono;

  constructor(ctx: DurableObjectState, env: SandboxEnv) {
    super(ctx, env);
    const origins = env.SANDBOX_ORIGINS?.split(",")
      .map((origin) => origin.trim())
      .filter(Boolean);
    const config = origins === undefined || origins.length === 0 ? {} : { origins };
    this.#app = createSandbox({ store: durableStore(ctx.storage.kv), config });
  }

  override async fetch(request: Request): Promise<Response> {
    try {
      return await this.#app.fetch(request);
    } catch (error) {
      if (error instanceof DroppedAnswer) return new Response(null, { headers: { [DROPPED]: "yes" } });
      throw error;
    }
  }
}

export default {
  async fetch(request, env) {
    const answer = await env.STATE.getByName("sandbox").fetch(request);
    return answer.headers.has(DROPPED) ? brokenAnswer(request) : answer;
  },
} satisfies ExportedHandler<SandboxEnv>;

function brokenAnswer(_request: Request): Response {
  throw new Error("the connection was lost");
}
