import { GRAPH, openSandbox, valuesOf, type Driver, type Json } from "../driver.ts";

/** What a test does with a tenant that the control made. */
export interface TenantDriver {
  sandbox: Driver;
  tenantId: string;
  /** GET below `/v1.0`, or of a link that Graph gave out, as the default application. */
  call: (path: string, headers?: Record<string, string>) => ReturnType<Driver["graph"]>;
  /** Walks every page from a path or a link: what they told, how many they were, and the last answer. */
  walk: (path: string, headers?: Record<string, string>) => Promise<{ entries: Json[]; pages: Json[]; link: string }>;
  /** Posts changes and answers with the ids of what they made. */
  change: (...changes: Json[]) => Promise<string[]>;
  /** What is true of a kind. */
  truth: (kind: string) => Promise<Json[]>;
  /** A new token, with the roles that hold now. */
  renew: () => Promise<void>;
}

/** A tenant made from a few numbers, and the default application's token in it. */
export async function openTenant(change: Json = {}, sandbox: Driver = openSandbox()): Promise<TenantDriver> {
  const size = { users: 30, groups: 6, devices: 5, seed: 7, memberships: 40 };
  const made = await sandbox.control("/tenant", { ...size, ...change });
  const tenantId = String(made["tenant_id"]);
  let token = "";
  const driver: TenantDriver = {
    sandbox,
    tenantId,
    call: (path, headers = {}) => sandbox.graph(token, path.replace(`${GRAPH}/v1.0`, ""), { headers }),
    walk: async (path, headers) => {
      const pages: Json[] = [];
      for (let next: unknown = path; next !== undefined; next = pages.at(-1)?.["@odata.nextLink"]) {
        const { status, body } = await driver.call(String(next), headers);
        if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
        pages.push(body);
      }
      return { entries: pages.flatMap(valuesOf), pages, link: String(pages.at(-1)?.["@odata.deltaLink"]) };
    },
    change: async (...changes) => {
      const answer = await sandbox.control(`/tenant/${tenantId}/changes`, { changes });
      if (answer["error"] !== undefined) throw new Error(String(answer["error"]));
      return answer["ids"] as string[];
    },
    truth: async (kind) => {
      const items: Json[] = [];
      let next: unknown = "";
      while (typeof next === "string") {
        const page = await sandbox.control(`/tenant/${tenantId}/truth?kind=${kind}&limit=50&after=${next}`);
        items.push(...(page["items"] as Json[]));
        next = page["next"];
      }
      return items;
    },
    renew: async () => {
      const form = { grant_type: "client_credentials", scope: `${GRAPH}/.default` };
      token = String((await sandbox.token(form, tenantId)).body["access_token"]);
    },
  };
  await driver.renew();
  return driver;
}

/** What a round said of every object, by id: the last word on its properties, and its links merged. */
export function merged(entries: readonly Json[]): Map<string, Json> {
  const objects = new Map<string, Json>();
  for (const entry of entries) {
    const known = objects.get(String(entry["id"])) ?? {};
    const links = ["members@delta", "owners@delta"].filter((name) => name in entry);
    const joined: Json = {};
    for (const name of links) joined[name] = [...((known[name] ?? []) as Json[]), ...(entry[name] as Json[])];
    objects.set(String(entry["id"]), { ...known, ...entry, ...joined });
  }
  return objects;
}
