/**
 * What becomes of a grant when the provider finds no consent to one of its resources: that resource goes, the refresh
 * token and the other resources stay. Where it was the last one, the whole grant waits for its user.
 */
import type { Connection } from "../db/connections.ts";
import { Failure, type FailureExtra } from "../lib/errors.ts";
import type { Provider } from "../providers/provider.ts";
import type { Verdict } from "../providers/verdict.ts";
import { insufficient } from "./permit.ts";
import { redirectUriFor, requireActive } from "./reauth.ts";
import { commitRow } from "./rows.ts";
import { recordRefused } from "./tidy-refresh.ts";
import { resourcesOf, scopesOf, withoutResource } from "./tokens.ts";
import type { Vault } from "./vault.ts";
import { adminConsentUrl } from "./verdicts.ts";

const OF_CONSENT = new Set(["consent_required", "admin_consent_required"]);

/** True where a refusal says nothing against what else the grant holds. */
export function isWithdrawn(provider: Provider, row: Connection, of: { resource: string; verdict: Verdict }): boolean {
  return OF_CONSENT.has(of.verdict.reason) && resourcesOf(provider, row.scopes).some((name) => name !== of.resource);
}

/** What was refused. `refused`: as it would fail if it were all of the grant. */
export interface Withdrawal {
  readonly row: Connection;
  readonly resource: string;
  readonly refused: Failure;
  readonly requestId: string | undefined;
}

/** Takes the resource out of the row, and fails as `scope_insufficient`, or as `admin_consent_required` where the provider says so. */
export async function withdraw(vault: Vault, { row, resource, refused, requestId }: Withdrawal): Promise<never> {
  const provider = vault.provider(row.provider);
  const failed = failureOf(vault, { row, resource, refused });
  const now = vault.clock.now();
  const left = withoutResource(provider, row, { resource, now });
  const next = { ...row, ...left, version: row.version + 1, updatedAt: now };
  const commit = await commitRow(vault, { before: row, next, decided: false });
  // Somebody disconnected meanwhile, or connected again: what was refused is refused all the same, and the next use tells.
  if (commit.kind === "lost") requireActive(vault, commit.current);
  await recordRefused(vault, row, { failure: failed, requestId, resource });
  throw failed;
}

function failureOf(vault: Vault, { row, resource, refused }: Omit<Withdrawal, "requestId">): Failure {
  const provider = vault.provider(row.provider);
  const { extra, reason } = refused;
  const missing = scopesOf(provider, resource, row.scopes);
  const lacks = insufficient(vault, row, { detail: `The grant does not cover ${resource} any more.`, missing });
  const isAdmins = refused.code === "admin_consent_required";
  return new Failure({
    code: isAdmins ? refused.code : lacks.code,
    detail: isAdmins ? refused.message : lacks.message,
    extra: { ...extra, ...lacks.extra, ...(isAdmins ? consentPage(vault, provider, missing) : {}) },
    ...(reason === undefined ? {} : { reason }),
  });
}

/** What the administrator is asked for is what is lacking, not what every sign-in asks for. */
function consentPage(vault: Vault, provider: Provider, scopes: readonly string[]): FailureExtra {
  const url = adminConsentUrl({ ...provider, scopes }, redirectUriFor(vault, provider));
  return url === undefined ? {} : { admin_consent_url: url };
}
