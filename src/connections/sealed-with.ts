/** Which key of the ring a row is sealed with. No I/O. */
import type { Connection } from "../db/connections.ts";
import { sealingKeyId } from "../lib/seal.ts";

/** Of a row whose sealed values do not all carry the same key. */
const MIXED = "mixed";

/** The id of the key that sealed all that is sealed in the row; `mixed` where there are several, null where nothing is sealed. */
export function keyOf(row: Pick<Connection, "refreshToken" | "accessTokens" | "revocation">): string | null {
  const tokens = Object.values(row.accessTokens).map(({ sealed }) => sealed);
  const sealed = [row.refreshToken, ...tokens, row.revocation?.sealed].filter((value) => typeof value === "string");
  const [first, ...others] = new Set(sealed.map((value) => sealingKeyId(value) ?? MIXED));
  return others.length > 0 ? MIXED : (first ?? null);
}
