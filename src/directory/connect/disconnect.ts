/** Forgets a tenant: its credential, and everything that was copied. */
import type { Connection } from "./connection.ts";
import { isDisconnecting, writeDisconnecting } from "./connected.ts";

/** Where it could not be finished, the alarm tries again after this; so does every call before that. */
const AGAIN_MS = 30_000;

/**
 * Forgets it, also in the middle of a run. Done twice it does nothing more. What is to be done is written down first: where
 * D1 cannot be written, or its answer is lost, or the object ends meanwhile, this fails, but the copy is told to nobody any
 * more and the alarm or the next call finishes it. In D1 the credential goes first: what is left can be copied no further.
 */
export async function disconnect(connection: Connection): Promise<void> {
  writeDisconnecting(connection.sql);
  connection.hold(undefined);
  await finishOrWait(connection);
  connection.log.info("tenant disconnected", {});
}

/** Finishes a disconnect that was begun, for the alarm: true where there was one, whatever came of it. Never throws. */
export async function goOnDisconnecting(connection: Connection): Promise<boolean> {
  if (!isDisconnecting(connection.sql)) return false;
  try {
    return await finishOrWait(connection);
  } catch (cause) {
    connection.log.warn("disconnect not finished", { cause });
    return true;
  }
}

async function finishOrWait(connection: Connection): Promise<boolean> {
  // Asked for beforehand: an object that ends now is woken for it.
  connection.wakeBy(connection.clock.now() + AGAIN_MS);
  return connection.finishDisconnect();
}
