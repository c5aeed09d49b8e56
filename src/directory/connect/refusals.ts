/** What Entra's refusals of an application's own token mean, in words that somebody can act on. No I/O. */
import { type Failure, type FailureCode, failure, type Mender } from "../../lib/errors.ts";
import type { TokenOutcome } from "../../connections/token-request.ts";
import type { Verdict, VerdictKind } from "../../providers/verdict.ts";

/** What of a set-up is to blame. credential: the secret or the certificate, whichever was sent. */
export type Blamed = "tenant_id" | "client_id" | "client_secret" | "certificate" | "credential";

/** What a number means for an application that asks for itself. */
interface Refusal {
  readonly blames: Blamed;
  readonly says: string;
  readonly mend: Mender;
}

const secret = (says: string): Refusal => ({ blames: "client_secret", says, mend: "operator" });
const certificate = (says: string): Refusal => ({ blames: "certificate", says, mend: "operator" });
const CERTIFICATE =
  "Microsoft does not accept the certificate: is it registered with this application, and its key its own?";
const DISABLED = "The application is disabled. An administrator of the tenant can enable it.";
const NO_GRAPH = "Microsoft Graph is not there in this tenant.";

const REFUSALS: Readonly<Record<string, Refusal>> = {
  AADSTS7000215: secret(
    "Microsoft does not accept the secret. Was its ID pasted? Expected its value, which is shown once.",
  ),
  AADSTS7000222: secret("The secret has expired. Make a new one in the app registration."),
  AADSTS7000218: { blames: "credential", says: "Microsoft misses a secret or a certificate.", mend: "operator" },
  AADSTS70002: {
    blames: "credential",
    says: "Microsoft does not accept the secret or the certificate.",
    mend: "operator",
  },
  AADSTS50012: certificate(CERTIFICATE),
  AADSTS50048: certificate(CERTIFICATE),
  AADSTS700024: certificate("Microsoft finds the proof out of its time: is a clock wrong?"),
  AADSTS700027: certificate(CERTIFICATE),
  AADSTS700025: {
    blames: "client_id",
    says: "The application is a public client, which has no secret.",
    mend: "operator",
  },
  AADSTS700016: {
    blames: "client_id",
    says: "The tenant does not know this application: is it another's ID, or has no administrator consented yet?",
    mend: "admin",
  },
  AADSTS70001: { blames: "client_id", says: DISABLED, mend: "admin" },
  AADSTS7000112: { blames: "client_id", says: DISABLED, mend: "admin" },
  AADSTS90002: {
    blames: "tenant_id",
    says: "Microsoft knows no such tenant. Is it in another cloud (MICROSOFT_CLOUD)?",
    mend: "caller",
  },
  AADSTS90038: {
    blames: "tenant_id",
    says: "The tenant is in another cloud: MICROSOFT_CLOUD must name it.",
    mend: "operator",
  },
  AADSTS50059: { blames: "tenant_id", says: "Microsoft knows no such tenant.", mend: "caller" },
  AADSTS9001023: { blames: "tenant_id", says: "Expected one tenant: its ID or one of its domains.", mend: "caller" },
  AADSTS50001: { blames: "tenant_id", says: NO_GRAPH, mend: "admin" },
  AADSTS500011: { blames: "tenant_id", says: NO_GRAPH, mend: "admin" },
};

/** What a code of Entra says; undefined where it is nothing that a set-up can be blamed for. */
export function meaningOf(providerCode: string | undefined): Refusal | undefined {
  return providerCode !== undefined && Object.hasOwn(REFUSALS, providerCode) ? REFUSALS[providerCode] : undefined;
}

const CODES = {
  transient: "provider_unavailable",
  throttled: "provider_throttled",
  refused: "provider_misconfigured",
  restart: "provider_misconfigured",
  admin_consent: "provider_misconfigured",
  misconfigured: "provider_misconfigured",
  secret_refused: "provider_misconfigured",
  unknown: "provider_error",
} as const satisfies Record<VerdictKind, FailureCode>;

const DETAILS = {
  provider_unavailable: "Microsoft cannot give a token now. Try again later.",
  provider_throttled: "Microsoft asks to be left alone for a while.",
  provider_misconfigured: "Microsoft refuses the tenant's application.",
  provider_error: "Microsoft refuses to give a token.",
} as const satisfies Record<(typeof CODES)[VerdictKind], string>;

/** The failure of a refused request for the application's own token. */
export function tokenFailure({ verdict, refusal, retryAfterS }: Extract<TokenOutcome, { kind: "refused" }>): Failure {
  return entraFailure(verdict, { requestId: refusal.requestId, retryAfterS });
}

/** The failure of a verdict on a request that nobody is signed in for. */
export function entraFailure(
  verdict: Verdict,
  { requestId, retryAfterS }: { readonly requestId: string | undefined; readonly retryAfterS: number | undefined },
): Failure {
  const meaning = meaningOf(verdict.providerCode);
  const code = meaning ? "provider_misconfigured" : CODES[verdict.kind];
  const passes = code === "provider_unavailable" || code === "provider_throttled";
  return failure(code, meaning?.says ?? DETAILS[code], {
    reason: `entra: ${verdict.reason}`,
    ...(passes ? { retryAfterS: Math.max(retryAfterS ?? 0, verdict.retryAfterS ?? 0, LEAST_WAIT_S) } : {}),
    extra: {
      reason: verdict.reason,
      mend: meaning?.mend ?? verdict.mend,
      ...(verdict.providerCode === undefined ? {} : { provider_code: verdict.providerCode }),
      ...(requestId === undefined ? {} : { provider_request_id: requestId }),
    },
  });
}

const LEAST_WAIT_S = 5;
