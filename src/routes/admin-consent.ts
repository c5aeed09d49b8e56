/** What comes back from Entra's page of admin consent. */
import { failure } from "../lib/errors.ts";
import type { HostedContext } from "./context.ts";

type Query = Readonly<Record<string, string>>;

/** True for an answer of that page, which carries no state of ours. */
export function isAdminAnswer(query: Query): boolean {
  return query["state"] === undefined && query["admin_consent"] !== undefined;
}

/**
 * An administrator who followed `admin_consent_url` comes back here, without a state: Entra's page was not opened by a
 * sign-in of ours. Anybody can write this address, so it proves nothing and changes nothing; whether consent was given
 * shows at the next sign-in or refresh. Test the error first: `admin_consent=True` stands on a refusal too.
 */
export function adminAnswer(c: HostedContext, query: Query): Response {
  if (query["error"] !== undefined || query["admin_consent"]?.toLowerCase() !== "true")
    throw failure("consent_denied", "The administrator did not consent.", {
      extra: { mend: "admin" },
      reason: `admin consent: ${query["error"]?.slice(0, 64) ?? "not given"}`,
    });
  c.header("Cache-Control", "no-store");
  return c.json({ admin_consent: true });
}
