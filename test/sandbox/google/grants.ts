import type { World } from "../world.ts";
import { isSignIn, union } from "./scopes.ts";

/** What a person agreed to for a client: one for each pair, whatever number of tokens stands on it. Times in milliseconds. */
export interface GoogleGrant {
  /** A new one for each first consent: tokens of a revoked grant do not come back to life. */
  id: string;
  clientId: string;
  person: string;
  scopes: string[];
  consentedAt: number;
  /** Refresh tokens from before then meet `invalid_rapt`. */
  sessionEndedAt?: number;
}

/** Days that a grant lives while the consent screen is in testing, in milliseconds. */
export const TESTING_LIFETIME_MS = 7 * 86_400_000;

/** The grant that a person gave a client, unless it was revoked or its time is over. */
export function findGrant(world: World, clientId: string, person: string): GoogleGrant | undefined {
  const grant = world.store.get<GoogleGrant>(grantKey(clientId, person));
  if (grant === undefined) return undefined;
  const over = world.settings().google_testing && diesInTesting(grant.scopes);
  return over && grant.consentedAt + TESTING_LIFETIME_MS <= world.now() ? undefined : grant;
}

/** Adds scopes to a person's grant, which begins anew when there is none. `asked`: the person was asked for consent. */
export function extendGrant(
  world: World,
  pair: { clientId: string; person: string },
  scopes: readonly string[],
  asked: boolean,
): GoogleGrant {
  const known = findGrant(world, pair.clientId, pair.person);
  const fresh = { ...pair, id: crypto.randomUUID(), scopes: [], consentedAt: world.now() };
  const grant: GoogleGrant = known ?? fresh;
  const consentedAt = asked ? world.now() : grant.consentedAt;
  return saveGrant(world, { ...grant, scopes: union(grant.scopes, scopes), consentedAt });
}

/** Keeps a grant. */
export function saveGrant(world: World, grant: GoogleGrant): GoogleGrant {
  world.store.put(grantKey(grant.clientId, grant.person), grant);
  return grant;
}

/** Ends a grant: none of its tokens works from now on, and the next consent is a first one. */
export function endGrant(world: World, { clientId, person }: GoogleGrant): void {
  world.store.delete(grantKey(clientId, person));
}

/** The grants of a person; all without. */
export function listGrants(world: World, person?: string): GoogleGrant[] {
  const all = world.store.list<GoogleGrant>("google-grant:").map(([, grant]) => grant);
  return all.filter((grant) => person === undefined || grant.person === person);
}

/** Grants of nothing but signing in outlive testing. */
export function diesInTesting(scopes: readonly string[]): boolean {
  return !scopes.every(isSignIn);
}

function grantKey(clientId: string, person: string): string {
  return `google-grant:${clientId}:${person}`;
}
