import { expect, test } from "vitest";
import { classifyGoogle } from "../../src/providers/google-errors.ts";
import { classifyOAuth } from "../../src/providers/oauth-errors.ts";

const OAUTH: [error: string, kind: string, reason: string, mend: string][] = [
  ["invalid_grant", "refused", "grant_invalid", "user"],
  ["interaction_required", "refused", "interaction_required", "user"],
  ["login_required", "refused", "login_required", "user"],
  ["consent_required", "refused", "consent_required", "user"],
  ["access_denied", "refused", "access_denied", "user"],
  ["invalid_client", "secret_refused", "client_refused", "operator"],
  ["unauthorized_client", "misconfigured", "client_not_allowed", "operator"],
  ["invalid_scope", "misconfigured", "scope_not_valid", "operator"],
  ["invalid_target", "misconfigured", "resource_not_valid", "operator"],
  ["invalid_request", "misconfigured", "request_not_valid", "operator"],
  ["unsupported_response_type", "misconfigured", "response_type_not_enabled", "operator"],
  ["unsupported_grant_type", "misconfigured", "grant_type_not_enabled", "operator"],
  ["temporarily_unavailable", "transient", "provider_unavailable", "nobody"],
  ["server_error", "transient", "provider_unavailable", "nobody"],
  ["of_their_own", "unknown", "provider_error", "operator"],
];

test.each(OAUTH)("any provider's %s is %s: %s, for the %s to mend", (error, kind, reason, mend) => {
  const verdict = classifyOAuth({ error, description: "", status: 400 });
  expect(verdict).toMatchObject({ kind, reason, mend, providerCode: error });
  // In a redirect there is no status.
  expect(classifyOAuth({ error, description: "" })).toEqual(verdict);
});

const STATUSES: [status: number, kind: string][] = [
  [429, "throttled"],
  [529, "throttled"],
  [500, "transient"],
  [502, "transient"],
  [503, "transient"],
];

test.each(STATUSES)("HTTP %i is %s whatever the body says, and ends no grant", (status, kind) => {
  const refusal = { error: "invalid_grant", description: "", status };
  for (const classify of [classifyOAuth, classifyGoogle]) {
    expect(classify(refusal)).toMatchObject({ kind, mend: "nobody" });
    expect(classify(refusal).dead).toBeUndefined();
  }
});

test.each(["constructor", "__proto__", "toString", ""])("an error called %j is known to nobody", (error) => {
  for (const classify of [classifyOAuth, classifyGoogle])
    expect(classify({ error, suberror: error, description: "", status: 400 }).kind).toBe("unknown");
  expect(classifyOAuth({ error: "", description: "" }).providerCode).toBeUndefined();
});

interface GoogleRow {
  readonly error: string;
  readonly description?: string;
  readonly suberror?: string;
  readonly verdict: object;
}

const GOOGLE: readonly GoogleRow[] = [
  {
    error: "invalid_grant",
    description: "Token has been expired or revoked.",
    verdict: { kind: "refused", reason: "grant_revoked", mend: "user", dead: true, providerCode: "invalid_grant" },
  },
  {
    error: "invalid_grant",
    suberror: "invalid_rapt",
    verdict: { kind: "refused", reason: "session_expired", mend: "user", providerCode: "invalid_rapt" },
  },
  { error: "invalid_grant", suberror: "rapt_required", verdict: { kind: "refused", reason: "session_expired" } },
  {
    error: "invalid_grant",
    description: "Malformed auth code.",
    verdict: { kind: "restart", reason: "grant_invalid", mend: "user" },
  },
  { error: "invalid_grant", description: "Bad Request", verdict: { kind: "restart" } },
  { error: "invalid_grant", description: "Missing code verifier.", verdict: { kind: "restart" } },
  { error: "admin_policy_enforced", verdict: { kind: "refused", reason: "blocked_by_policy", mend: "admin" } },
  { error: "org_internal", verdict: { kind: "refused", reason: "account_not_in_organisation", mend: "admin" } },
  { error: "deleted_client", verdict: { kind: "misconfigured", reason: "client_refused", mend: "operator" } },
  { error: "redirect_uri_mismatch", verdict: { kind: "misconfigured", reason: "redirect_uri_not_registered" } },
  { error: "invalid_client", verdict: { kind: "secret_refused", mend: "operator" } },
  { error: "access_denied", verdict: { kind: "refused", reason: "access_denied", mend: "user" } },
  { error: "brand_new", verdict: { kind: "unknown", mend: "operator", providerCode: "brand_new" } },
];

test.each(GOOGLE)(
  "Google's $error $suberror $description is $verdict",
  ({ error, verdict, description = "", suberror }) => {
    const refusal = { error, description, status: 400, ...(suberror === undefined ? {} : { suberror }) };
    expect(classifyGoogle(refusal)).toMatchObject(verdict);
  },
);

test("only a grant that Google calls revoked is dead", () => {
  const dead = GOOGLE.filter(
    ({ error, description = "", suberror }) =>
      classifyGoogle({ error, description, ...(suberror === undefined ? {} : { suberror }) }).dead,
  );
  expect(dead.map(({ description }) => description)).toEqual(["Token has been expired or revoked."]);
});
