import { Hono } from "hono";
import * as z from "zod";
import { CLIENT_ID } from "../defaults.ts";
import { findClient, grantRoles } from "../entra/clients.ts";
import { addTenant } from "../entra/tenants.ts";
import { guidFrom } from "../ids.ts";
import type { World } from "../world.ts";
import { applyChanges } from "./changes.ts";
import { expireLinks } from "./delta-token.ts";
import { ALL_ROLES } from "./permissions.ts";
import { runScript } from "./script.ts";
import { truth } from "./truth.ts";
import { findDirectory, forgetChanges, saveDirectory, type DirectoryTenant } from "./tenant.ts";

const licencesSchema = z.strictObject({
  entra: z.enum(["free", "p1", "p2"]).default("p2"),
  intune: z.boolean().default(true),
  defender: z.boolean().default(true),
});
const size = z.number().int().nonnegative().max(10_000_000);
const tenantSchema = z.strictObject({
  users: size,
  groups: size,
  devices: size,
  seed: z.number().int(),
  tenant_id: z.guid().toLowerCase().optional(),
  display_name: z.string().optional(),
  domain: z.hostname().toLowerCase().optional(),
  memberships: size.optional(),
  managed: size.optional(),
  licences: licencesSchema.prefault({}),
  roles: z.array(z.string()).default(ALL_ROLES),
});
const patchSchema = z.strictObject({
  licences: z
    .strictObject({ entra: z.enum(["free", "p1", "p2"]), intune: z.boolean(), defender: z.boolean() })
    .partial()
    .optional(),
  roles: z.array(z.string()).optional(),
});
const KINDS = { users: "user", groups: "group", devices: "device" } as const;
const expireSchema = z.strictObject({
  resource: z.enum(["users", "groups", "devices"]).optional(),
  links: z.enum(["all", "delta", "next"]).default("all"),
});

/** Makes tenants of any size below `/_sandbox/tenant`, changes them and says what is true of them. */
export function directoryControls(world: World): Hono {
  const app = new Hono();
  app.post("/tenant", async (c) => c.json(makeTenant(world, tenantSchema.parse(await c.req.json())), 201));
  app.patch("/tenant/:id", async (c) => {
    const t = tenantOf(world, c.req.param("id"));
    return t === undefined
      ? c.json(UNKNOWN, 404)
      : c.json(changeTenant(world, t, patchSchema.parse(await c.req.json())));
  });
  app.post("/tenant/:id/changes", async (c) => {
    const t = tenantOf(world, c.req.param("id"));
    return t === undefined ? c.json(UNKNOWN, 404) : c.json(applyChanges(world, t, await c.req.json()));
  });
  app.post("/tenant/:id/change-script", async (c) => {
    const t = tenantOf(world, c.req.param("id"));
    return t === undefined ? c.json(UNKNOWN, 404) : c.json(runScript(world, t, await c.req.json()));
  });
  app.get("/tenant/:id/truth", (c) => {
    const t = tenantOf(world, c.req.param("id"));
    return t === undefined ? c.json(UNKNOWN, 404) : c.json(truth(world, t, c.req.query()));
  });
  app.post("/tenant/:id/delta/expire", async (c) => {
    const t = tenantOf(world, c.req.param("id"));
    if (t === undefined) return c.json(UNKNOWN, 404);
    const { resource, links } = expireSchema.parse(JSON.parse((await c.req.text()) || "{}"));
    for (const name of ["users", "groups", "devices"] as const)
      for (const link of ["delta", "next"] as const)
        if ((resource ?? name) === name && (links === "all" || links === link))
          expireLinks({ world, t, kind: KINDS[name] }, link);
    return c.json({ ok: true });
  });
  return app;
}

function makeTenant(world: World, asked: z.output<typeof tenantSchema>) {
  const { seed, users, groups, devices, licences } = asked;
  const id = asked.tenant_id ?? guidFrom(`tenant:${seed}`);
  const domain = asked.domain ?? `tenant-${seed}.example`;
  const t: DirectoryTenant = {
    id,
    seed,
    domain,
    users,
    groups,
    devices,
    licences,
    displayName: asked.display_name ?? `Tenant ${seed}`,
    memberships: asked.memberships ?? groups * 100,
    managed: asked.managed ?? Math.round(devices * 0.8),
    createdAt: world.now(),
  };
  forgetChanges(world, id);
  saveDirectory(world, t);
  addTenant(world, { id, display_name: t.displayName, domains: [domain, `tenant-${seed}.onmicrosoft.com`] });
  grant(world, t, asked.roles);
  return { tenant_id: id, domain, users, groups, devices, seed };
}

function changeTenant(world: World, t: DirectoryTenant, { licences = {}, roles }: z.output<typeof patchSchema>) {
  const given = Object.fromEntries(Object.entries(licences).filter(([, value]) => value !== undefined));
  const changed = { ...t, licences: { ...t.licences, ...given } };
  saveDirectory(world, changed);
  if (roles !== undefined) grant(world, t, roles);
  return { tenant_id: t.id, licences: changed.licences };
}

// The default application, with these application permissions and the administrator's consent to them.
function grant(world: World, { id }: DirectoryTenant, roles: string[]): void {
  const client = findClient(world, CLIENT_ID);
  if (client !== undefined) grantRoles(world, { ...client, app_roles: roles }, id);
}

function tenantOf(world: World, id: string): DirectoryTenant | undefined {
  return findDirectory(world, id.toLowerCase());
}

const UNKNOWN = { error: "no such tenant" };
