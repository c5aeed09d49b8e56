/** From a provider's verdict to a failure of the contract. The stage decides: connecting, or refreshing. */
import { type Failure, type FailureCode, type FailureExtra, failure } from "../lib/errors.ts";
import type { Provider } from "../providers/provider.ts";
import type { Verdict, VerdictKind } from "../providers/verdict.ts";

/** At which point a refusal came. */
export type Stage = "connect" | "refresh";

const CODES = {
  transient: { connect: "provider_unavailable", refresh: "provider_unavailable" },
  throttled: { connect: "provider_throttled", refresh: "provider_throttled" },
  refused: { connect: "consent_denied", refresh: "reauth_required" },
  restart: { connect: "state_invalid", refresh: "reauth_required" },
  admin_consent: { connect: "admin_consent_required", refresh: "admin_consent_required" },
  misconfigured: { connect: "provider_misconfigured", refresh: "provider_misconfigured" },
  secret_refused: { connect: "provider_misconfigured", refresh: "provider_misconfigured" },
  unknown: { connect: "provider_error", refresh: "provider_error" },
} as const satisfies Record<VerdictKind, Record<Stage, FailureCode>>;

const DETAILS: Readonly<Partial<Record<FailureCode, string>>> = {
  provider_unavailable: "The provider is unavailable. Try again later.",
  provider_throttled: "The provider asks to be left alone for a while.",
  consent_denied: "The user or the provider said no.",
  state_invalid: "This sign-in cannot be completed. Start again.",
  reauth_required: "The account must be connected again.",
  admin_consent_required: "An administrator of the organisation must consent first.",
  provider_misconfigured: "The provider refuses this installation's app registration. The operator must act.",
  provider_error: "The provider refused the request.",
};

/** What a failure needs besides the verdict. */
export interface VerdictContext {
  readonly stage: Stage;
  readonly provider: Provider;
  readonly authorizePath: string;
  readonly redirectUri: string;
  readonly retryAfterS?: number | undefined;
  /** The provider's id of the refused request. */
  readonly requestId?: string | undefined;
}

/** The failure that a verdict becomes. */
export function failureOf(verdict: Verdict, context: VerdictContext): Failure {
  const code = CODES[verdict.kind][context.stage];
  const retryAfterS = retryAfter(verdict, context);
  return failure(code, DETAILS[code] ?? "", {
    extra: {
      reason: verdict.reason,
      mend: verdict.mend,
      ...providerCode(verdict),
      ...paths(code, context),
      ...(context.requestId === undefined ? {} : { provider_request_id: context.requestId }),
    },
    reason: `${context.provider.id}: ${verdict.reason}`,
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  });
}

function retryAfter(verdict: Verdict, { retryAfterS }: VerdictContext): number | undefined {
  const known = Math.max(retryAfterS ?? 0, verdict.retryAfterS ?? 0);
  if (known > 0) return known;
  return verdict.kind === "throttled" ? 60 : verdict.kind === "transient" ? 5 : undefined;
}

function providerCode({ providerCode: code }: Verdict): FailureExtra {
  return code === undefined ? {} : { provider_code: code };
}

function paths(code: FailureCode, context: VerdictContext): FailureExtra {
  if (code === "reauth_required") return { authorize_path: context.authorizePath };
  if (code === "admin_consent_required")
    return { admin_consent_url: adminConsentUrl(context.provider, context.redirectUri) ?? "" };
  return {};
}

/** Where an administrator consents for everybody (Entra: "Request admin consent"). */
export function adminConsentUrl(provider: Provider, redirectUri: string): string | undefined {
  if (!provider.adminConsentUrl) return undefined;
  const query = new URLSearchParams({
    client_id: provider.client.id,
    scope: provider.scopes.join(" "),
    redirect_uri: redirectUri,
  });
  return `${provider.adminConsentUrl}?${query.toString()}`;
}
