/** What an API's refusal says beside its words. */
interface Extra {
  domain?: string;
  /** Where the mistake is, such as the parameter's name. */
  location?: { type: "parameter" | "header"; name: string };
  details?: Record<string, unknown>[];
  /** The challenge of a 401 or 403 (RFC 6750 section 3). */
  challenge?: string;
}

/** A refusal in the envelope of Google's APIs. */
export class GoogleApiError extends Error {
  override name = "GoogleApiError";
  readonly code: number;
  readonly reason: string;
  readonly extra: Extra;

  constructor(code: number, reason: string, message: string, extra: Extra = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.extra = extra;
  }
}

/** The envelope of a refusal. */
export function apiEnvelope(code: number, reason: string, message: string, { domain, location, details }: Extra = {}) {
  const where = location && { locationType: location.type, location: location.name };
  const status = STATUSES[code];
  const errors = [{ domain: domain ?? "global", reason, message: SHORT[reason] ?? message, ...where }];
  return { error: { errors, code, message, ...(status && { status }), ...(details && { details }) } };
}

/** The answer to a refusal. No Retry-After: Google sends none. */
export function googleApiErrorResponse({ code, reason, message, extra }: GoogleApiError): Response {
  const headers = new Headers({ "Cache-Control": "private, max-age=0" });
  if (extra.challenge !== undefined)
    headers.set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/"${extra.challenge}`);
  return Response.json(apiEnvelope(code, reason, message, extra), { status: code, headers });
}

/** 400 for a parameter. */
export function badParameter(name: string, message: string, reason = "invalidParameter"): GoogleApiError {
  return new GoogleApiError(400, reason, message, { location: { type: "parameter", name } });
}

const STATUSES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

// Refusals of the gateway: the inner words are the old ones.
const SHORT: Readonly<Record<string, string>> = {
  authError: "Invalid Credentials",
  insufficientPermissions: "Insufficient Permission",
};
