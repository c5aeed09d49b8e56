/**
 * The built Worker, measured: all that is added is a Graph that answers `/me` at once, a count of D1's statements, and
 * routes that use a token as every route does and then answer without asking Graph.
 */
import { createApp } from "latchkey/app";
import worker, { UserKeeper as BuiltUserKeeper } from "latchkey/built";
import { limited } from "latchkey/guards";
import { askKeeper, spend } from "latchkey/keeper";
import { premisesOf } from "latchkey/premises";
import { type Context, Hono } from "hono";
import { type Database, statements, withCount } from "./d1-count.ts";

export { AddressKeeper } from "latchkey/built";

interface Env {
  readonly DB: Database;
}

/** The keeper as built, over a D1 that counts. */
export class UserKeeper extends BuiltUserKeeper {
  constructor(ctx: unknown, env: Env) {
    super(ctx, withCount(env));
  }
}

const GRAPH_ME = "https://graph.microsoft.com/v1.0/me";
const ME = { id: "8a3f", displayName: "Ana", mail: "ana@contoso.example", userPrincipalName: "ana@contoso.example" };

// The stand-in's own time is no part of what is measured. Sign-ins and refreshes do reach it.
const reach = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  if (input instanceof Request && input.url === GRAPH_ME) return Response.json(ME);
  return reach(input, init);
};

const WANTED = { bucket: "profile", provider: "microsoft", resource: "graph" };
const BENCH = "/api/v1/auth/microsoft/bench";
const OURS = /\/bench\/|\/d1$/;

/** Uses a token as every route does. */
async function useToken(c: Context) {
  return spend(c, await askKeeper(c, (keeper) => keeper.use(WANTED)));
}

const guards = limited("own_connections", "profile");

/** The application with all its middleware; its own surfaces are answered by the built Worker. */
const app = createApp();
app.get(`${BENCH}/fresh`, ...guards, async (c) => {
  const { expiresAt, ticket } = await useToken(c);
  return c.json({ expires_at: expiresAt, ticket });
});
/** The token-use path alone: caller, limit and keeper, without what the application does for every answer. */
const alone = new Hono<{ Variables: { premises: object; system: object; log: object } }>();
alone.use(async (c, next) => {
  const premises = premisesOf(c.env);
  c.set("premises", premises);
  c.set("system", premises.systems.main);
  c.set("log", premises.log);
  await next();
});
alone.get("/alone/use", ...guards, async (c) => {
  const { expiresAt, ticket } = await useToken(c);
  return c.json({ expires_at: expiresAt, ticket });
});

/** Gives the D1 statements since it was last asked. */
app.get("/d1", (c) => c.json(statements.splice(0)));

export default {
  async fetch(request: Request, env: Env, ctx: object): Promise<Response> {
    const counted = withCount(env);
    // Parsing the address would cost more than what is to be measured can bear. The platform's context is what Hono
    // calls an execution context; Node's types know neither.
    if (request.url.endsWith("/alone/use")) return alone.fetch(request, counted, ctx as never);
    if (OURS.test(request.url)) return app.fetch(request, counted, ctx as never);
    return worker.fetch(request, counted, ctx);
  },
};
