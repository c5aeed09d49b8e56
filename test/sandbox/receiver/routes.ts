import { Hono, type Context, type MiddlewareHandler } from "hono";
import * as z from "zod";
import { readBody } from "../bodies.ts";
import { sleep } from "../clockwork.ts";
import { DroppedAnswer } from "../dropped.ts";
import type { World } from "../world.ts";
import { clearBehaviour, readBehaviour, setBehaviour, takeBehaviour, type Behaviour } from "./behaviour.ts";
import { clearDeliveries, listDeliveries, recordDelivery } from "./deliveries.ts";

const HOST = "hooks.test";
const CONTROLS = "/_sandbox/hooks";

/** A receiver of webhooks: every path of the host hooks.test, or what is POSTed below `/_sandbox/hooks` on any other; the rest passes. */
export function hookReceiver(world: World): MiddlewareHandler {
  let controls: Hono | undefined;
  return async (c, next) => {
    const { hostname, pathname } = new URL(c.req.url);
    const isControl = pathname === CONTROLS || pathname.startsWith(`${CONTROLS}/`);
    if (isControl) return (controls ??= hookControls(world)).fetch(c.req.raw);
    return hostname === HOST && !pathname.startsWith("/_sandbox/") ? receive(world, c, pathname) : next();
  };
}

function hookControls(world: World): Hono {
  const { store } = world;
  const app = new Hono().basePath(CONTROLS);
  app.onError((error, c) => {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return c.json({ error: error.message }, 400);
    throw error;
  });
  app.get("/", (c) => c.json({ deliveries: listDeliveries(store, c.req.query("name")) }));
  app.delete("/", (c) => clear(world, c));
  app.delete("/:name", (c) => clear(world, c, c.req.param("name")));
  app.get("/:name/behaviour", (c) => c.json(readBehaviour(store, c.req.param("name"))));
  app.put("/:name/behaviour", async (c) => {
    const input: unknown = JSON.parse((await readBody(c.req.raw)) || "{}");
    return c.json(setBehaviour(store, c.req.param("name"), input));
  });
  app.post("/*", (c) => receive(world, c, new URL(c.req.url).pathname.slice(CONTROLS.length)));
  return app;
}

function clear({ store }: World, c: Context, name?: string): Response {
  clearDeliveries(store, name);
  clearBehaviour(store, name);
  return c.body(null, 204);
}

/** Records a POST under the first segment of its path and answers as its hook is told to. */
async function receive(world: World, c: Context, pathname: string): Promise<Response> {
  const at = new Date(world.now()).toISOString();
  const { raw } = c.req;
  const body = await readBody(raw);
  if (raw.method !== "POST") return c.text("A hook takes POST.", 405, { Allow: "POST" });
  const name = decodeURIComponent(pathname.split("/")[1] ?? "") || "default";
  const behaviour = takeBehaviour(world.store, name);
  if (behaviour.drop !== "before") {
    const status = behaviour.drop === "after" ? 0 : behaviour.status;
    const query = Object.fromEntries(new URL(raw.url).searchParams);
    const headers = Object.fromEntries(raw.headers);
    recordDelivery(world.store, { name, at, path: pathname, query, headers, body, status });
  }
  if (behaviour.delay_ms > 0) await sleep(behaviour.delay_ms);
  if (behaviour.drop !== undefined) throw new DroppedAnswer(`dropped ${behaviour.drop} the delivery was recorded`);
  return answerOf(behaviour, raw.url, name);
}

function answerOf({ status, body, location, retry_after: after }: Behaviour, url: string, name: string): Response {
  const headers = new Headers();
  if (after !== undefined) headers.set("Retry-After", String(after));
  if (status >= 300 && status < 400) headers.set("Location", location ?? elsewhere(url, name));
  return new Response(EMPTY_STATUSES.has(status) ? null : (body ?? ""), { status, headers });
}

const EMPTY_STATUSES = new Set([204, 205, 304]);

function elsewhere(url: string, name: string): string {
  const target = new URL(url);
  const local = target.pathname.startsWith(CONTROLS) ? CONTROLS : "";
  target.pathname = `${local}/${name}-moved`;
  return target.href;
}
