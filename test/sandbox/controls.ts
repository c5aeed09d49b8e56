import { Hono } from "hono";
import * as z from "zod";
import { directoryControls } from "./directory/controls.ts";
import { addClient, clientSchema } from "./entra/clients.ts";
import { rotateKeys } from "./entra/keys.ts";
import { addTenant, tenantSchema } from "./entra/tenants.ts";
import { addUser, findOrAddUser, findUser, userChangeSchema, changeUser, revokeUser } from "./entra/users.ts";
import { addFault, clearFaults, listFaults } from "./faults.ts";
import { calendarControls } from "./graph/controls.ts";
import { introspectionRoutes } from "./mail/introspection.ts";
import { changeMailbox } from "./mail/mailbox-access.ts";
import { clearRequests, listRequests } from "./request-log.ts";
import { changeSettings } from "./settings.ts";
import { resetClock, shiftClock, type World } from "./world.ts";

/** What tests and people turn the sandbox's knobs with. Bodies and answers are JSON. */
export function controlRoutes(world: World): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const wrong = error instanceof z.ZodError || error instanceof SyntaxError;
    return c.json({ error: wrong ? error.message : String(error.stack) }, wrong ? 400 : 500);
  });
  app.route("/", trafficControls(world));
  app.route("/", identityControls(world));
  app.route("/", directoryControls(world));
  app.route("/", calendarControls(world));
  app.route("/", introspectionRoutes(world));
  app.post("/clock", async (c) => c.json(setClock(world, await c.req.json())));
  app.get("/clock", (c) => c.json({ now: new Date(world.now()).toISOString() }));
  app.post("/reset", async (c) => {
    reset(world, z.strictObject({ keys: z.boolean().optional() }).parse(JSON.parse((await c.req.text()) || "{}")));
    return c.json({ ok: true });
  });
  return app;
}

function trafficControls({ store, settings }: World): Hono {
  const app = new Hono();
  app.get("/settings", (c) => c.json(settings()));
  app.post("/settings", async (c) => c.json(changeSettings(store, await c.req.json())));
  app.get("/faults", (c) => c.json({ faults: listFaults(store) }));
  app.post("/faults", async (c) => c.json(addFault(store, await c.req.json()), 201));
  app.delete("/faults", (c) => {
    clearFaults(store);
    return c.body(null, 204);
  });
  app.get("/requests", (c) => c.json({ requests: listRequests(store, c.req.query()) }));
  app.delete("/requests", (c) => {
    clearRequests(store);
    return c.body(null, 204);
  });
  return app;
}

function identityControls(world: World): Hono {
  const app = new Hono();
  app.post("/clients", async (c) => c.json(addClient(world, clientSchema.parse(await c.req.json())), 201));
  app.post("/tenants", async (c) => c.json(addTenant(world, tenantSchema.parse(await c.req.json())), 201));
  app.post("/users", async (c) => c.json(addUser(world, await c.req.json()), 201));
  app.post("/keys/rotate", async (c) => {
    const { drop_old: dropOld = false } = (await optionalJson(c.req.raw)) as { drop_old?: boolean };
    return c.json({ kids: await rotateKeys(world, dropOld) });
  });
  app.get("/users/:name", (c) => {
    const user = findUser(world, c.req.param("name"));
    return user === undefined ? c.json({ error: "no such user" }, 404) : c.json(user);
  });
  app.patch("/users/:name", async (c) =>
    c.json(changeUser(world, c.req.param("name"), userChangeSchema.parse(await c.req.json()))),
  );
  app.patch("/users/:name/mailbox", async (c) => {
    const user = findOrAddUser(world, c.req.param("name"), { kind: "common" });
    return c.json(changeMailbox(world, user, await c.req.json()));
  });
  app.post("/users/:name/revoke", async (c) => {
    const { access_tokens: too = false } = (await optionalJson(c.req.raw)) as { access_tokens?: boolean };
    return c.json(revokeUser(world, c.req.param("name"), too));
  });
  return app;
}

const clockSchema = z.union([
  z.strictObject({ advance_ms: z.number() }),
  z.strictObject({ set: z.union([z.number(), z.iso.datetime({ offset: true })]) }),
  z.strictObject({ reset: z.literal(true) }),
]);

function setClock(world: World, input: unknown): { now: string } {
  const change = clockSchema.parse(input);
  if ("advance_ms" in change) shiftClock(world, change.advance_ms);
  if ("set" in change) shiftClock(world, new Date(change.set).getTime() - world.now());
  if ("reset" in change) resetClock(world);
  return { now: new Date(world.now()).toISOString() };
}

function reset({ store }: World, { keys = false }: { keys?: boolean | undefined }): void {
  for (const [key] of store.list("")) {
    if (keys || !key.startsWith("signing-keys")) store.delete(key);
  }
}

async function optionalJson(request: Request): Promise<unknown> {
  return JSON.parse((await request.text()) || "{}");
}
