/** Which tenant a name means: its discovery document names the GUID (OpenID Connect Discovery 1.0, section 4). */
import * as z from "zod";
import { readRefusal } from "../../connections/token-answer.ts";
import { failure } from "../../lib/errors.ts";
import type { Sender } from "../../lib/http.ts";
import { parseJson } from "../../lib/json.ts";
import { classifyEntra } from "../../providers/microsoft-errors.ts";
import { authorityOf, type CloudConfig } from "./endpoints.ts";
import { GUID, namesNoTenant } from "./input.ts";
import { entraFailure } from "./refusals.ts";

const Document = z.object({ issuer: z.string() });
const ISSUER = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/v2\.0\/?$/i;
const FETCH = { timeoutMs: 5_000, budgetMs: 8_000, retryStatuses: [429, 500, 502, 503, 504], maxBytes: 512 * 1024 };

/** The GUID of a tenant that is named by it or by a domain. Failures: `provider_misconfigured` with Entra's code where there is none, `provider_unavailable`, `provider_throttled`, `provider_timeout`, `provider_error`. */
export async function resolveTenant(
  { sender, config }: { readonly sender: Sender; readonly config: CloudConfig },
  name: string,
): Promise<string> {
  const answer = await sender.send({
    url: `${authorityOf(config, name)}/v2.0/.well-known/openid-configuration`,
    headers: { Accept: "application/json" },
    label: "microsoft tenant",
    ...FETCH,
  });
  const body = parseJson(answer.text);
  if (answer.status === 200) return tenantIn(body, name);
  const refusal = readRefusal(body, answer.status);
  const verdict = classifyEntra(refusal);
  const unknown = answer.status === 404 || answer.status === 410;
  throw entraFailure(unknown ? { ...verdict, ...NO_TENANT } : verdict, {
    requestId: refusal.requestId,
    retryAfterS: answer.retryAfterS,
  });
}

const NO_TENANT = {
  kind: "misconfigured",
  reason: "tenant_unknown",
  mend: "caller",
  providerCode: "AADSTS90002",
} as const;

function tenantIn(body: unknown, name: string): string {
  const found = ISSUER.exec(Document.safeParse(body).data?.issuer ?? "")?.[1]?.toLowerCase();
  // A template, or another tenant than the one that was asked for: nothing that a token may be asked for.
  if (found !== undefined && !namesNoTenant(found) && (!GUID.test(name) || found === name.toLowerCase())) return found;
  throw failure("provider_error", "Microsoft does not say which tenant this is.", {
    reason: "discovery: the issuer names no tenant, or another",
  });
}
