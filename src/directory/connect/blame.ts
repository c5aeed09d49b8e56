/** Whom a failed proof is to be laid to: a field of the body, or a variable of the operator's. No I/O. */
import { Failure, failure } from "../../lib/errors.ts";
import type { Applicant } from "./input.ts";
import { type Blamed, meaningOf } from "./refusals.ts";

const VARIABLES = {
  tenant_id: "MICROSOFT_TENANT_ID",
  client_id: "MICROSOFT_CLIENT_ID",
  client_secret: "MICROSOFT_CLIENT_SECRET",
  certificate: "MICROSOFT_CLIENT_CERTIFICATE",
} as const satisfies Record<Exclude<Blamed, "credential">, string>;

/** The failure as the one who connects is told it: `validation_failed` where a field of the body is to blame. */
export function blamed(error: unknown, applicant: Applicant): unknown {
  if (!(error instanceof Failure) || error.code !== "provider_misconfigured") return error;
  const field = fieldOf(error, applicant);
  if (field === undefined) return error;
  if (applicant.source === "environment")
    return failure(error.code, error.message, {
      reason: error.reason ?? "",
      extra: { ...error.extra, variable: VARIABLES[field] },
      cause: error,
    });
  const { provider_code, provider_request_id, mend } = error.extra;
  return failure("validation_failed", `${field}: ${error.message}`, {
    reason: error.reason ?? "",
    extra: {
      errors: [{ path: field, message: error.message }],
      ...(provider_code === undefined ? {} : { provider_code }),
      ...(provider_request_id === undefined ? {} : { provider_request_id }),
      ...(mend === undefined || mend === "operator" ? {} : { mend }),
    },
    cause: error,
  });
}

function fieldOf({ extra }: Failure, applicant: Applicant): keyof typeof VARIABLES | undefined {
  const proof = applicant.source === "body" && applicant.certificate ? "certificate" : "client_secret";
  const { provider_code: code, variable } = extra;
  // A variable is named already: nothing was asked of Microsoft.
  if (variable !== undefined) return undefined;
  const field = meaningOf(code)?.blames;
  // A key that cannot be used was refused here.
  if (field === undefined) return code === undefined && proof === "certificate" ? proof : undefined;
  if (field === "credential") return proof;
  return field === "client_secret" && proof === "certificate" ? proof : field;
}
