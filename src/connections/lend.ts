/** Lends a token for one call that is passed on to a provider's API, together with where that API is. */
import { failure, notValid } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { isPublicUrl } from "../lib/public-address.ts";
import type { Provider } from "../providers/provider.ts";
import type { AccessGrant } from "./grant.ts";
import { loadRows } from "./rows.ts";
import { use, type UseInput } from "./use.ts";
import type { Vault } from "./vault.ts";

/** What a call that is passed on needs. */
export interface LendInput extends Pick<UseInput, "resource" | "roles" | "actor" | "rejected" | "requestId"> {
  readonly connection: ConnectionId;
  /** One of the API's further hosts. */
  readonly host?: string;
}

/** A token, and the one API that it may be shown to. */
export interface Lent {
  readonly grant: AccessGrant;
  /** Without a slash at its end. */
  readonly baseUrl: string;
}

/** Lends. `anywhere`: the API may be at a private address, as in development. Failures: those of {@link use}, and `validation_failed` where there is no such API. */
export async function lend(vault: Vault, { host, ...input }: LendInput, anywhere: boolean): Promise<Lent> {
  const wanted = { resource: input.resource, host, anywhere };
  const provider = await providerOf(vault, input.connection);
  // Before a token is fetched; a row that is not here yet may be found by use(), which looks again.
  if (provider) apiOf(provider, wanted);
  const grant = await use(vault, input);
  return { grant, baseUrl: apiOf(vault.provider(grant.provider), wanted) };
}

/** Whose connection it is; undefined where the owner has none of that id. */
export async function providerOf(vault: Vault, id: ConnectionId): Promise<Provider | undefined> {
  const row = (await loadRows(vault)).get(id);
  return row && vault.provider(row.provider);
}

/** Which API a caller means. */
export interface WantedApi {
  readonly resource: string | undefined;
  readonly host: string | undefined;
  /** True where it may be at a private address. */
  readonly anywhere: boolean;
}

/** Where the API is, without a slash at its end. Only names that are in the provider's own lists are taken, so that no caller decides where a token goes. */
export function apiOf(provider: Provider, { resource: named, host, anywhere }: WantedApi): string {
  const name = named ?? provider.firstResource;
  const resource = Object.hasOwn(provider.resources, name) ? provider.resources[name] : undefined;
  if (!resource) throw unknown("resource", Object.keys(provider.resources));
  if (resource.baseUrl === "") throw unset(provider, name);
  const hosts = { [new URL(resource.baseUrl).host]: resource.baseUrl, ...resource.hosts };
  const wanted = host === undefined ? resource.baseUrl : hostIn(hosts, host.toLowerCase());
  if (wanted === undefined) throw unknown("host", Object.keys(hosts));
  if (!anywhere && !(wanted.startsWith("https:") && isPublicUrl(wanted))) throw unreachable(provider);
  return wanted.replace(/\/+$/, "");
}

function hostIn(hosts: Readonly<Record<string, string>>, host: string): string | undefined {
  return Object.hasOwn(hosts, host) ? hosts[host] : undefined;
}

function unknown(path: string, names: readonly string[]): Error {
  const message = `expected one of ${names.join(", ")}`;
  return notValid([{ path, message }]);
}

function unset({ name, resources }: Provider, resource: string): Error {
  const others = Object.keys(resources).filter((one) => resources[one]?.baseUrl !== "");
  // Exchange's mail protocols are no API that calls could be passed on to.
  if (others.length > 0) {
    const message = `${resource} is not spoken to over HTTP: expected one of ${others.join(", ")}`;
    return notValid([{ path: "resource", message }]);
  }
  const message = `${name} has no API address here: its api_base_url in CUSTOM_PROVIDERS is not set`;
  return notValid([{ path: "resource", message }], { mend: "operator" });
}

function unreachable({ id, name }: Provider): Error {
  return failure("provider_misconfigured", `The API address of ${name} is not a public https address.`, {
    reason: `proxy: the base URL of ${id} is not public`,
  });
}
