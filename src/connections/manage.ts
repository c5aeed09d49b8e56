/** What the manager's routes ask of a vault. */
import type { Connection } from "../db/connections.ts";
import { failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { record } from "./audit.ts";
import type { AccessGrant } from "./grant.ts";
import { type Integration, integrationOf } from "./integration.ts";
import { reauthFailure, requireActive } from "./reauth.ts";
import { refreshEach } from "./refresh-each.ts";
import { loadRows, rereadRows } from "./rows.ts";
import type { Asker } from "./sync.ts";
import { isHeld, leadingResource } from "./tokens.ts";
import { use, type UseInput } from "./use.ts";
import type { Vault } from "./vault.ts";

/** The owner's connections, the one connected last first. */
export async function listIntegrations(vault: Vault): Promise<Integration[]> {
  await rereadRows(vault);
  const live = [...(await loadRows(vault)).values()].filter((row) => row.status !== "revoked");
  live.sort((left, right) => right.connectedAt - left.connectedAt || (left.id < right.id ? -1 : 1));
  return live.map((row) => integrationOf(vault, row));
}

/** One of them. Fails as `not_found`. */
export async function showIntegration(vault: Vault, id: ConnectionId): Promise<Integration> {
  await rereadRows(vault);
  return integrationOf(vault, await liveRow(vault, id));
}

/** A connection, and who asks. */
export type NamedInput = Asker & { readonly id: ConnectionId };

/** Refreshes every token of a connection now. Failures: `not_found`, `reauth_required`, and those of a refresh. */
export async function refreshNow(vault: Vault, { id, requestId }: NamedInput): Promise<Integration> {
  const row = requireActive(vault, await liveRow(vault, id));
  // Without a refresh token there is nothing to ask with, and the tokens that are held are good while they live.
  if (row.refreshToken === null) throw reauthFailure(vault, { ...row, statusReason: "no_refresh_token" });
  const provider = vault.provider(row.provider);
  const held = Object.keys(row.accessTokens).filter((name) => isHeld(provider, name, row.scopes));
  await refreshEach(vault, {
    id,
    resources: held.length > 0 ? held : [leadingResource(provider, row.scopes)],
    requestId,
  });
  return integrationOf(vault, await liveRow(vault, id));
}

/** Which token is wanted, by whom and what for. */
export type ReleaseInput = UseInput & {
  readonly actor: string;
  readonly purpose?: string | undefined;
  /** The mailbox that it is to open, where it was asked for as a mail client's. */
  readonly mailbox?: string;
};

/** A token for the application itself. */
export async function release(vault: Vault, input: ReleaseInput): Promise<AccessGrant> {
  const { actor, purpose, mailbox, requestId } = input;
  const grant = await use(vault, input);
  await record(vault, {
    action: "token_release",
    outcome: "ok",
    provider: grant.provider,
    connection: grant.connection,
    actor,
    requestId,
    detail: {
      resource: grant.resource,
      ...(purpose === undefined ? {} : { purpose }),
      ...(mailbox === undefined ? {} : { mailbox }),
    },
  });
  return grant;
}

/** Another owner's id is not among these rows, and so is as unknown as none. */
async function liveRow(vault: Vault, id: ConnectionId): Promise<Connection> {
  const row = (await loadRows(vault)).get(id);
  if (row && row.status !== "revoked") return row;
  throw failure("not_found", "No such connection.");
}
