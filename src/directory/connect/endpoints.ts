/** Where a tenant's own Entra and Graph are, by the configured cloud. No I/O. */
import type { Config } from "../../lib/config.ts";
import { CLOUDS } from "../../providers/microsoft-base.ts";

/** What of the configuration says where they are. */
export type CloudConfig = Pick<Config, "cloud" | "loginUrl" | "graphUrl">;

/** Entra's address of a tenant, a GUID or a domain that was checked. */
export function authorityOf({ cloud, loginUrl }: CloudConfig, tenant: string): string {
  return `${loginUrl ?? CLOUDS[cloud].login}/${encodeURIComponent(tenant)}`;
}

/** Scheme and host of Graph, without the version. */
export function graphUrlOf({ cloud, graphUrl }: CloudConfig): string {
  return graphUrl ?? CLOUDS[cloud].graph;
}

/** The scope of the application's own token: all that was consented to, and the cloud's own host names the resource. */
export function graphScopeOf({ cloud }: CloudConfig): string {
  return `${CLOUDS[cloud].graph}/.default`;
}

/** Where an administrator consents to all that the application has registered. This older form needs no redirect URI of ours. */
export function consentUrlOf(
  config: CloudConfig,
  { tenantId, clientId }: { tenantId: string; clientId: string },
): string {
  return `${authorityOf(config, tenantId)}/adminconsent?${new URLSearchParams({ client_id: clientId }).toString()}`;
}
