/** OPTIONS (RFC 9110 section 9.3.7): what each path takes, read off the routes themselves. */
import type { Hono } from "hono";
import type { Hosted } from "./context.ts";
import { getAlone } from "./guards.ts";

/** Answers OPTIONS on every path below `prefix` that `app` has by now, with 204 and `Allow`. */
export function answerOptions(app: Hono<Hosted>, prefix: string): void {
  const methods = new Map<string, Set<string>>();
  const headless = new Set(app.routes.filter(({ handler }) => handler === getAlone).map(({ path }) => path));
  for (const { method, path } of app.routes) {
    // What stands before every method of a path is no method of its own.
    if (method === "ALL" || !path.startsWith(prefix)) continue;
    const known = methods.get(path) ?? new Set<string>();
    methods.set(path, known.add(method));
  }
  for (const [path, known] of methods) {
    // A HEAD is answered by the route of GET, where it may be.
    const head = known.has("GET") && !headless.has(path) ? ["HEAD"] : [];
    const allow = [...known, ...head, "OPTIONS"].toSorted().join(", ");
    app.on("OPTIONS", path, (c) => c.body(null, 204, { Allow: allow }));
  }
}
