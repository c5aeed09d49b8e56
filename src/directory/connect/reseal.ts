/** Seals a tenant's credential anew with the ring's first key, so that an older key can be taken off. */
import { Failure } from "../../lib/errors.ts";
import type { Connection } from "./connection.ts";
import { resealCredential } from "./credential.ts";
import type { Resealed } from "../../connections/reseal.ts";

/** Reseals it. */
export async function resealTenant({ rows, org, ring, clock, log }: Connection): Promise<Resealed> {
  const row = await rows.find(org);
  const { id: key } = await ring.sealing();
  if (!row || row.credential === null || row.sealedWith === key) return "current";
  try {
    const sealed = await resealCredential(ring, { ...row, credential: row.credential });
    const next = { ...row, ...sealed, version: row.version + 1, updatedAt: clock.now() };
    return (await rows.replace(next, row.version)) ? "resealed" : "busy";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error("tenant's credential not sealed anew", { reason: error.reason });
    return "lost";
  }
}
