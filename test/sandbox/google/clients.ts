import * as z from "zod";
import type { World } from "../world.ts";
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REDIRECT_PATHS } from "./defaults.ts";

const clientSchema = z.strictObject({
  client_id: z.string().min(1),
  name: z.string().default("An application"),
  secrets: z.array(z.string()).default([]),
  redirect_uris: z.array(z.string()).default([]),
  /** The Workspace domain whose people alone may use it: `org_internal` for all others. */
  internal_to: z.string().nullable().default(null),
  deleted: z.boolean().default(false),
});

/** An OAuth client of a Google Cloud project. */
export type GoogleClient = z.infer<typeof clientSchema>;

/** The client with this id; the default one follows the configured origins. */
export function findGoogleClient(world: World, clientId: string): GoogleClient | undefined {
  const added = world.store.get<GoogleClient>(`google-client:${clientId}`);
  return added ?? (clientId === GOOGLE_CLIENT_ID ? defaultClient(world) : undefined);
}

/** Adds a client, or replaces one. Throws a ZodError when malformed. */
export function addGoogleClient(world: World, input: unknown): GoogleClient {
  const client = clientSchema.parse(input);
  world.store.put(`google-client:${client.client_id}`, client);
  return client;
}

function defaultClient(world: World): GoogleClient {
  return {
    client_id: GOOGLE_CLIENT_ID,
    name: "Latchkey",
    secrets: [GOOGLE_CLIENT_SECRET],
    redirect_uris: world.origins.flatMap((origin) => GOOGLE_REDIRECT_PATHS.map((path) => `${origin}${path}`)),
    internal_to: null,
    deleted: false,
  };
}
