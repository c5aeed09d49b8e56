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

/**
 * Loses an answer in a way that the caller notices. As an outbound service, a throw makes the caller's fetch
 * reject. Under `wrangler dev` a throw would become a 500 and a GET that fails before its first byte would be
 * repeated, so there the answer begins and breaks off: reading the body rejects.
 */
function brokenAnswer(request: Request): Response {
  if (!LOOPBACK.has(new URL(request.url).hostname)) throw new Error("the connection was lost");
  let begun = false;
  const stream = new ReadableStream({
    async pull(controller) {
      if (begun) await new Promise((resolve) => setTimeout(resolve, BREAK_OFF_MS));
      if (begun) controller.error(new Error("the connection was lost"));
      else controller.enqueue(new TextEncoder().encode("{"));
      begun = true;
    },
  });
  return new Response(stream, { headers: { "Content-Type": "application/json" } });
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
const BREAK_OFF_MS = 20;
