/** Reads once a day when the credential ends: one that was renewed, or prolonged, is seen without a new set-up. */
import type { Tenant } from "../../db/tenants.ts";
import type { Config } from "../../lib/config.ts";
import type { Sql } from "../store/sql.ts";
import { readState, writeState } from "../store/state.ts";
import type { Connection } from "./connection.ts";
import { applicationOf } from "./credential.ts";
import { credentialEnd } from "./credential-expiry.ts";
import { graphUrlOf } from "./endpoints.ts";

const NAME = "expiry_asked_at";
const DAY_MS = 86_400_000;
/** Whoever asks how the connection stands waits for this no longer; what comes later is shown the next time. */
const PATIENCE_MS = 2_000;

/** Remembers when it was asked for last, ms. */
export function noteExpiryAsked(sql: Sql, now: number): void {
  writeState(sql, NAME, now);
}

/** When a credential ends, ms: as Microsoft tells it, else as the operator has said of the environment's own. */
export function credentialEndOf(
  config: Pick<Config, "microsoft">,
  kind: Tenant["credentialKind"],
  told: number | undefined,
): number | undefined {
  return told ?? (kind === "environment" ? config.microsoft?.secretExpiresAt : undefined);
}

/** The row with the end of its credential, asked for where that was not done for a day. Never fails: then it is the row as it was. */
export async function withExpiry(connection: Connection, row: Tenant): Promise<Tenant> {
  const { sql, clock, log } = connection;
  const asked = readState(sql, NAME);
  if (typeof asked === "number" && clock.now() - asked < DAY_MS) return row;
  // Also where it fails: nobody waits for it twice a day.
  noteExpiryAsked(sql, clock.now());
  const patience = clock.after(PATIENCE_MS);
  const fresh = refreshed(connection, row).catch((cause: unknown) => {
    log.warn("end of the tenant's credential not read", { cause });
    return row;
  });
  const first = await Promise.race([fresh, patience.done.then(() => row)]);
  patience.cancel();
  return first;
}

async function refreshed(connection: Connection, row: Tenant): Promise<Tenant> {
  const { config, sender, rows, clock, tokens } = connection;
  const [{ accessToken }, application] = [await tokens.token(), await applicationOf(connection, row)];
  const ports = { sender, graphUrl: graphUrlOf(config), accessToken };
  const end = credentialEndOf(config, row.credentialKind, await credentialEnd(ports, application, clock.now()));
  // What could not be told now was told before.
  if (end === undefined) return row;
  // The token may have changed its status meanwhile.
  const current = await rows.find(row.org);
  if (current?.id !== row.id || current.credential !== row.credential) return row;
  if (current.secretExpiresAt === end) return current;
  const next = { ...current, secretExpiresAt: end, version: current.version + 1, updatedAt: clock.now() };
  return (await rows.replace(next, current.version)) ? next : row;
}
