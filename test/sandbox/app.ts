import { Hono, type Context } from "hono";
import { readBody } from "./bodies.ts";
import { controlRoutes } from "./controls.ts";
import { DroppedAnswer } from "./dropped.ts";
import { entraRoutes } from "./entra/routes.ts";
import { suffer } from "./fault-answers.ts";
import { takeFault } from "./faults.ts";
import { googleControls } from "./google/controls.ts";
import { google } from "./google/routes.ts";
import { graphRoutes } from "./graph/routes.ts";
import { notionControls } from "./notion/controls.ts";
import { notion } from "./notion/routes.ts";
import { hookReceiver } from "./receiver/routes.ts";
import { describeRequest, logRequest } from "./request-log.ts";
import { createWorld, type SandboxOptions, type World } from "./world.ts";

/**
 * The stand-in of the providers, as one app: Microsoft Entra ID, Microsoft Graph and the controls under
 * `/_sandbox`. A dropped answer is thrown out of `fetch` as DroppedAnswer.
 */
export function createSandbox(options: SandboxOptions): Hono {
  const world = createWorld(options);
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof DroppedAnswer) throw error;
    return Response.json({ error: { code: "SandboxBug", message: String(error.stack) } }, { status: 500 });
  });
  app.use(hookReceiver(world));
  app.all(
    "/_sandbox/notion/*",
    lazily(() => notionControls(world)),
  );
  app.all(
    "/_sandbox/google/*",
    lazily(() => googleControls(world)),
  );
  app.all(
    "/_sandbox/*",
    lazily(() => new Hono().route("/_sandbox", controlRoutes(world))),
  );
  app.use(async (c, next) => {
    const answer = await received(world, c, async () => {
      await next();
      return c.res;
    });
    // Hono merges the headers of the answer it holds into a new one, unless there is none.
    c.res = undefined;
    c.res = answer;
  });
  const graph = lazily(() => graphRoutes(world, (request) => Promise.resolve(app.fetch(request))));
  app.all("/v1.0/*", graph);
  app.all("/oidc/userinfo", graph);
  app.use(notion(world));
  app.use(google(world));
  app.route("/", entraRoutes(world));
  return app;
}

// Tests open thousands of sandboxes and most touch few providers: the others' routes are never built.
function lazily(make: () => Pick<Hono, "fetch">): (c: Context) => Response | Promise<Response> {
  let made: Pick<Hono, "fetch"> | undefined;
  return (c) => (made ??= make()).fetch(c.req.raw);
}

async function received(world: World, c: Context, work: () => Promise<Response>): Promise<Response> {
  const at = new Date(world.now()).toISOString();
  const entry = await describeRequest(c.req.raw, await readBody(c.req.raw));
  const { host, path, method, grant_type: grantType } = entry;
  const fault = takeFault(world.store, { host, path, method, grantType });
  let status = 0;
  try {
    const answer = fault === undefined ? await work() : await suffer(world, fault, c, work);
    status = answer.status;
    return answer;
  } finally {
    logRequest(world.store, { ...entry, at, done_at: new Date(world.now()).toISOString(), status });
  }
}
