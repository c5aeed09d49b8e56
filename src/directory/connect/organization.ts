/** The tenant as it describes itself to its application. */
import * as z from "zod";
import { type Failure, failure } from "../../lib/errors.ts";
import type { GraphRefusal } from "../../graph/refusal.ts";
import { askGraph, type AskPorts } from "./ask.ts";

const text = z.string().nullish().catch(null);
const Organization = z.object({
  id: z.string(),
  displayName: text,
  verifiedDomains: z
    .array(z.object({ name: z.string() }).nullable().catch(null))
    .nullish()
    .catch([]),
});
const Answer = z.object({ value: z.array(Organization).min(1) });

/** What is shown of a tenant. Null and empty where the application may not read it. */
export interface TenantProfile {
  readonly name: string | null;
  readonly domains: readonly string[];
}

/** What the question of the tenant came to. refused: nothing is known of it, which proves nothing against the token. */
export type Described = { readonly profile: TenantProfile } | { readonly refused: GraphRefusal };

const MOST_DOMAINS = 100;
const MOST_NAME = 256;

/** Reads `/organization`. Failures: `provider_error` where the token is another tenant's or is not taken; those of Graph being unavailable. */
export async function describeTenant(ports: AskPorts, tenantId: string): Promise<Described> {
  const asked = await askGraph(ports, {
    path: "/organization",
    query: { $select: "id,displayName,verifiedDomains" },
    label: "organization",
  });
  if (asked.kind === "silent") throw asked.failure;
  if (asked.kind === "refused") {
    if (asked.refusal.status === 403) return { refused: asked.refusal };
    throw refused(asked.refusal);
  }
  const [found] = Answer.safeParse(asked.body).data?.value ?? [];
  if (found?.id.toLowerCase() !== tenantId)
    throw failure("provider_error", "Microsoft Graph answers for another tenant than the one that was asked for.", {
      reason: "organization: another id, or none",
    });
  const domains = found.verifiedDomains?.flatMap((domain) => domain?.name ?? []) ?? [];
  return { profile: { name: found.displayName?.slice(0, MOST_NAME) ?? null, domains: domains.slice(0, MOST_DOMAINS) } };
}

function refused({ status, code, requestId, message }: GraphRefusal): Failure {
  return failure("provider_error", "Microsoft Graph does not take the application's token.", {
    reason: `organization: ${status} ${code} ${message}`,
    extra: { provider_code: code, ...(requestId === undefined ? {} : { provider_request_id: requestId }) },
  });
}
