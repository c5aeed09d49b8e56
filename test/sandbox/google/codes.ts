import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import { endGrant, findGrant, type GoogleGrant } from "./grants.ts";
import { GoogleOAuthError } from "./oauth-errors.ts";

/** The challenge of PKCE (RFC 7636). */
export interface Challenge {
  value: string;
  method: "S256" | "plain";
}

/** An authorization code and what it is bound to. Times are in milliseconds. */
export interface GoogleCode {
  code: string;
  clientId: string;
  person: string;
  grantId: string;
  redirectUri: string;
  scopes: string[];
  /** Whether a refresh token comes with it. */
  offline: boolean;
  nonce: string | null;
  challenge: Challenge | null;
  issuedAt: number;
  used: boolean;
}

const LIFETIME_MS = 10 * 60_000;

/** Makes a code for what the person agreed to. */
export function issueGoogleCode(world: World, agreed: Omit<GoogleCode, "code" | "issuedAt" | "used">): string {
  const code = `4/0A${randomText(48)}`;
  world.store.put<GoogleCode>(codeKey(code), { ...agreed, code, issuedAt: world.now(), used: false });
  return code;
}

/** The code as it was issued to this client, and its grant. Throws when it was not, is too old or was used. */
export function usableGoogleCode(
  world: World,
  code: string,
  clientId: string,
): { record: GoogleCode; grant: GoogleGrant } {
  const record = world.store.get<GoogleCode>(codeKey(code));
  if (record?.code !== code || record.clientId !== clientId)
    throw new GoogleOAuthError("invalid_grant", "Malformed auth code.");
  const grant = findGrant(world, clientId, record.person);
  const live = grant?.id === record.grantId ? grant : undefined;
  if (record.used && live !== undefined && world.settings().code_reuse === "revoke") endGrant(world, live);
  if (record.used || live === undefined || record.issuedAt + LIFETIME_MS <= world.now())
    throw new GoogleOAuthError("invalid_grant", "Bad Request");
  return { record, grant: live };
}

/** Marks a code as used. */
export function spendGoogleCode(world: World, record: GoogleCode): void {
  world.store.put<GoogleCode>(codeKey(record.code), { ...record, used: true });
}

function codeKey(code: string): string {
  return `google-code:${code.slice(0, 100)}`;
}
