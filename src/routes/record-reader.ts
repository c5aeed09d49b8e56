/** Whose records a caller reads. Everybody reads their own; an operator everybody's, and that is recorded too. */
import type { AuditDetail } from "../db/schema-records.ts";
import { failure } from "../lib/errors.ts";
import type { Owner } from "../lib/ids.ts";
import type { ChainHead } from "../connections/chain.ts";
import type { HostedContext } from "./context.ts";
import { askKeeper, askObject, ownerOf, spend } from "./keeper.ts";

/** Whose records are read. Without `owner`: everybody's. */
export interface Reader {
  readonly owner: Owner | undefined;
  /** True where they are not, or not only, the caller's own. */
  readonly isForeign: boolean;
}

/** Whose records the caller means. Failure: `forbidden` where they are another's and the caller is no operator. */
export function readerOf(c: HostedContext, asked: Owner | undefined): Reader {
  const own = ownerOf(c);
  if (asked === own) return { owner: own, isForeign: false };
  if (c.get("caller").roles.includes("operator")) return { owner: asked, isForeign: true };
  if (asked === undefined) return { owner: own, isForeign: false };
  throw failure("forbidden", "Only an operator may read the records of others.", {
    extra: { missing_role: "operator" },
  });
}

/** Has the keeper of those records write behind what it has not yet, so that what was done a moment ago is seen; gives the head of its chain. */
export async function broughtUpToDate(c: HostedContext, { owner, isForeign }: Reader): Promise<ChainHead | undefined> {
  if (owner === undefined) return undefined;
  if (!isForeign) return spend(c, await askKeeper(c, (keeper) => keeper.trail("reads")));
  return spend(c, await askObject(() => c.get("system").keeper(owner).trail()));
}

/** Records in the operator's own trail that the records of others were read, and which. Before they are answered: what cannot be recorded is not told. */
export async function recordReading(c: HostedContext, reader: Reader, what: AuditDetail): Promise<void> {
  if (!reader.isForeign) return;
  const detail = { ...what, owner: reader.owner ?? "*" };
  const event = { action: "operator_read", outcome: "ok", actor: c.get("caller").subject, detail } as const;
  await askKeeper(c, (keeper) => keeper.note({ ...event, requestId: c.get("requestId") }));
}

/** The given members of a query, for {@link recordReading}. */
export function givenIn(query: Readonly<Record<string, string | number | undefined>>): AuditDetail {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
