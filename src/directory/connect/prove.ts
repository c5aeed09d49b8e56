/** Proves an application at its tenant: a token, who the tenant is, and what it lets be read. Stores nothing. */
import { type Failure, failure } from "../../lib/errors.ts";
import type { AppTokens } from "./app-tokens.ts";
import type { AskPorts } from "./ask.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Application } from "./credential.ts";
import { credentialEnd } from "./credential-expiry.ts";
import { type CloudConfig, consentUrlOf, graphUrlOf } from "./endpoints.ts";
import { describeTenant, type TenantProfile } from "./organization.ts";
import { probe } from "./probe.ts";
import type { Sender } from "../../lib/http.ts";

/** What is proved. */
export interface Claimed {
  readonly application: Application;
  /** The tenant's GUID. */
  readonly tenantId: string;
  readonly tokens: AppTokens;
  /** ms since the epoch. */
  readonly now: number;
}

/** What the tenant has answered. */
export interface Proof {
  readonly profile: TenantProfile;
  readonly capabilities: Capabilities;
  /** When the credential ends, ms; undefined where nobody says. */
  readonly endsAt: number | undefined;
}

const UNKNOWN: TenantProfile = { name: null, domains: [] };

/**
 * Proves it. Failures: those of {@link AppTokens.token}; `admin_consent_required` where the tenant lets nothing be read;
 * `provider_error`, `provider_unavailable`, `provider_throttled`, `provider_timeout` where Graph does not tell.
 */
export async function prove(
  { config, sender }: { readonly config: CloudConfig; readonly sender: Sender },
  { application, tenantId, tokens, now }: Claimed,
): Promise<Proof> {
  const { accessToken } = await tokens.token();
  const ports: AskPorts = { sender, graphUrl: graphUrlOf(config), accessToken };
  const described = await describeTenant(ports, tenantId);
  const consentUrl = consentUrlOf(config, { tenantId, clientId: application.clientId });
  const [capabilities, endsAt] = await Promise.all([probe(ports), credentialEnd(ports, application, now)]);
  if ("profile" in described) return { profile: described.profile, capabilities, endsAt };
  // The tenant does not describe itself to this application: the token, and one thing that it opens, are proof enough.
  const all = Object.values(capabilities);
  if (all.some((one) => one?.status === "available")) return { profile: UNKNOWN, capabilities, endsAt };
  throw nothingPermitted(capabilities, { consentUrl, code: described.refused.code });
}

function nothingPermitted(
  capabilities: Capabilities,
  { consentUrl, code }: { readonly consentUrl: string; readonly code: string },
): Failure {
  const missing = Object.values(capabilities).flatMap((one) => one?.permissions ?? []);
  if (missing.length === 0)
    return failure("provider_unavailable", "Microsoft Graph does not tell now what may be read.", { retryAfterS: 5 });
  const names = [...new Set(missing)].join(", ");
  return failure(
    "admin_consent_required",
    `The application may read nothing yet. An administrator must consent: ${names}.`,
    {
      extra: { admin_consent_url: consentUrl, provider_code: code, mend: "admin" },
    },
  );
}
