import { Hono, type Context } from "hono";
import * as z from "zod";
import { bodyOf, readBody } from "../bodies.ts";
import { addFault } from "../faults.ts";
import type { World } from "../world.ts";
import { addIntegration } from "./clients.ts";
import { endConnection, listConnections, saveConnection, type Connection } from "./connections.ts";
import { NOTION_STATUSES, notionEnvelope, type NotionCode } from "./errors.ts";
import { addPage } from "./pages.ts";
import { expireTokens } from "./tokens.ts";

/** What happens at Notion from outside, below `/_sandbox/notion`. Connections are named by their bot or person. */
export function notionControls(world: World): Hono {
  const app = new Hono().basePath("/_sandbox/notion");
  app.onError((error, c) => {
    const wrong = error instanceof z.ZodError || error instanceof SyntaxError;
    return c.json({ error: wrong ? error.message : String(error.stack) }, wrong ? 400 : 500);
  });
  app.post("/clients", async (c) => c.json(addIntegration(world, await json(c)), 201));
  app.post("/pages", async (c) => c.json(addPage(world, await json(c)), 201));
  app.post("/faults", async (c) => c.json(planRefusal(world, await json(c)), 201));
  app.get("/connections", (c) => c.json({ connections: listConnections(world, c.req.query("of")).map(shown) }));
  app.post("/connections/:of/remove", (c) => each(world, c, (met) => endConnection(world, met, "removed")));
  app.post("/connections/:of/expire", async (c) => {
    const { tokens } = expireSchema.parse(await json(c));
    return each(world, c, (met) => void expireTokens(world, met, KINDS[tokens]));
  });
  app.post("/connections/:of/pages", async (c) => {
    const { pages } = z.strictObject({ pages: z.array(z.string()) }).parse(await json(c));
    return each(world, c, (met) => saveConnection(world, { ...met, pages }));
  });
  return app;
}

const expireSchema = z.strictObject({ tokens: z.enum(["access", "refresh", "both"]).default("access") });
const KINDS = { access: ["access"], refresh: ["refresh"], both: ["access", "refresh"] } as const;

// Ended connections stay as they are: only those that still work are met.
function each(world: World, c: Context, change: (connection: Connection) => unknown): Response {
  const of = c.req.param("of") ?? "";
  const met = listConnections(world, of).filter(({ ended }) => ended === undefined);
  if (met.length === 0) return c.json({ error: "no such connection" }, 404);
  for (const connection of met) change(connection);
  const ids = new Set(met.map(({ id }) => id));
  return c.json({
    connections: listConnections(world, of)
      .filter(({ id }) => ids.has(id))
      .map(shown),
  });
}

function shown({ botId, clientId, person, workspace, pages, createdAt, ended }: Connection) {
  const created = new Date(createdAt).toISOString();
  return { bot_id: botId, client_id: clientId, person, workspace, pages, created_at: created, ended: ended ?? null };
}

const refusalSchema = z.strictObject({
  code: z.enum(Object.keys(NOTION_STATUSES) as [NotionCode, ...NotionCode[]]),
  message: z.string().default("Planned by the test."),
  /** Below `/v1`, such as `/users/me`; everything of Notion's without. */
  path: z.string().startsWith("/").default("/"),
  rate_limit_reason: z.string().optional(),
  method: z.string().optional(),
  retry_after: z.union([z.number(), z.string()]).optional(),
  skip: z.number().int().nonnegative().default(0),
  times: z.number().int().positive().default(1),
});

/** Plans a refusal in Notion's own envelope, as an ordinary fault. */
function planRefusal(world: World, input: unknown) {
  const { code, message, path, rate_limit_reason: asked, ...rest } = refusalSchema.parse(input);
  const reason = asked ?? (code === "rate_limited" ? "public_api_request_rate_limit" : undefined);
  const body = notionEnvelope(code, message, reason === undefined ? undefined : { rate_limit_reason: reason });
  const status = NOTION_STATUSES[code];
  const after = rest.retry_after ?? (status === 429 || status === 529 ? 1 : undefined);
  const fault = { ...rest, path: `*/v1${path}*`, status, body, ...(after !== undefined && { retry_after: after }) };
  return addFault(world.store, fault);
}

async function json(c: Context): Promise<unknown> {
  await readBody(c.req.raw);
  return JSON.parse(bodyOf(c.req.raw) || "{}");
}
