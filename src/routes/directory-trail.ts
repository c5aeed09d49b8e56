/** What people do with a tenant's directory stands in their own audit trail. */
import type { AuditAction } from "../connections/audit.ts";
import type { AuditDetail } from "../db/schema-records.ts";
import type { Result } from "../lib/errors.ts";
import type { HostedContext } from "./context.ts";
import { orgOf } from "./directory.ts";
import { askKeeper } from "./keeper.ts";

/** Records what came of an action on the caller's tenant, before it is answered. */
export async function recordTenant(
  c: HostedContext,
  action: Extract<AuditAction, `tenant_${string}`>,
  { answer, detail }: { readonly answer: Result<unknown>; readonly detail: AuditDetail },
): Promise<void> {
  const event = {
    action,
    outcome: answer.ok ? "ok" : "failed",
    actor: c.get("caller").subject,
    requestId: c.get("requestId"),
    detail: { org: orgOf(c), ...detail },
    ...(answer.ok ? {} : { failure: answer.failure }),
  } as const;
  await askKeeper(c, (keeper) => keeper.note(event));
}
