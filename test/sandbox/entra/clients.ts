import * as z from "zod";
import { CLIENT_CERTIFICATE } from "../certificates.ts";
import { CLIENT_ID, CLIENT_SECRET, CONTOSO_TENANT, REDIRECT_PATHS } from "../defaults.ts";
import type { World } from "../world.ts";

/** What the controls accept as an application registration. */
export const clientSchema = z.strictObject({
  client_id: z.guid(),
  display_name: z.string().default("An application"),
  secrets: z.array(z.strictObject({ value: z.string(), expires_at: z.string().optional() })).default([]),
  /** What it may sign client assertions with. The certificate's own dates are not read. */
  certificates: z.array(z.strictObject({ pem: z.string(), expires_at: z.string().optional() })).default([]),
  redirect_uris: z.array(z.string()).default([]),
  /** A single-tenant application's tenant; multi-tenant without. */
  tenant: z.guid().optional(),
  /** Application permissions that admin consent to `.default` grants, and those that hold already. */
  app_roles: z.array(z.string()).default([]),
  granted_roles: z.record(z.guid(), z.array(z.string())).default({}),
  /** AADSTS7000112 from then on. */
  disabled: z.boolean().default(false),
});

/** An application registration. */
export type Client = z.infer<typeof clientSchema>;

/** A certificate of an application, without its key. */
export type ClientCertificate = Client["certificates"][number];

/** The application with this id; the default one follows the configured origins. */
export function findClient(world: World, clientId: string): Client | undefined {
  const added = world.store.get<Client>(`client:${clientId.toLowerCase()}`);
  return added ?? (clientId.toLowerCase() === CLIENT_ID ? defaultClient(world) : undefined);
}

/** Adds an application, or replaces one. */
export function addClient(world: World, client: Client): Client {
  world.store.put(`client:${client.client_id.toLowerCase()}`, client);
  return client;
}

/** The application permissions that a tenant's administrator granted. */
export function grantedRoles(world: World, client: Client, tid: string): string[] {
  const consented = world.store.get<string[]>(`roles:${client.client_id}:${tid}`) ?? [];
  return [...new Set([...(client.granted_roles[tid] ?? []), ...consented])];
}

/** Grants an application all the application permissions that it registered. */
export function grantRoles(world: World, client: Client, tid: string): void {
  world.store.put(`roles:${client.client_id}:${tid}`, client.app_roles);
}

/** Whether a tenant knows the application: its home, or consent was given there. */
export function isInstalled(world: World, client: Client, tid: string): boolean {
  if (client.tenant === tid || (client.client_id === CLIENT_ID && tid === CONTOSO_TENANT)) return true;
  if (client.granted_roles[tid] !== undefined || world.store.get(`roles:${client.client_id}:${tid}`) !== undefined)
    return true;
  return world.store.list(`consent:${client.client_id}:${tid}:`).length > 0;
}

function defaultClient(world: World): Client {
  return {
    client_id: CLIENT_ID,
    display_name: "Latchkey",
    secrets: [{ value: CLIENT_SECRET }],
    certificates: [{ pem: CLIENT_CERTIFICATE }],
    redirect_uris: world.origins.flatMap((origin) => REDIRECT_PATHS.map((path) => `${origin}${path}`)),
    app_roles: ["Directory.Read.All", "User.Read.All", "Group.Read.All", "Device.Read.All", "AuditLog.Read.All"],
    granted_roles: {},
    disabled: false,
  };
}
