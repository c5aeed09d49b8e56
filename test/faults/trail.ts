/** What is true of an owner's audit trail in the end: the chain holds, D1 has all of it, and each record was counted once. */
import { env } from "cloudflare:workers";
import { verifyChain } from "../../src/connections/verify-chain.ts";
import { auditRows } from "../../src/db/audit.ts";
import { openDatabase } from "../../src/db/database.ts";
import { tablesFor } from "../../src/db/schema.ts";
import type { OwnerOf } from "./owner.ts";

/** Adds to what is broken. */
export async function judgeTrail({ world, broken }: OwnerOf): Promise<void> {
  const { system, owner, audit } = world.vault;
  const rows = auditRows(openDatabase(env.DB), tablesFor("main"));
  const { progress, broken: fault } = await verifyChain({ system, owner, rows, head: () => audit.flush() });
  if (fault) broken.push(`the chain does not hold at ${fault.seq}: ${fault.fault}`);
  const counted = await env.DB.prepare("select sum(count) n from counters where owner = ?1 and action <> 'latency'")
    .bind(owner)
    .first<{ n: number }>();
  if (counted?.n !== progress.records) broken.push(`${progress.records} records were counted as ${counted?.n}`);
}
