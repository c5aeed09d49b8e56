/** Forgets a tenant: its credential, and everything that was copied. */
import type { Connection } from "./connection.ts";

/**
 * Forgets it, also in the middle of a run. Done twice it does nothing more; where D1 cannot be written it fails as D1 does,
 * and everything is as it was. The credential goes first: what is left without it can be read by nobody and copied no further.
 */
export async function disconnect(connection: Connection): Promise<void> {
  const { rows, org, log } = connection;
  await rows.remove(org);
  connection.hold(undefined);
  connection.forget();
  log.info("tenant disconnected", {});
}
