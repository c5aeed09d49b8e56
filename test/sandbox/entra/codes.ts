import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import type { AuthorizeRequest, Destination } from "./authorize-request.ts";
import type { Consenter } from "./consents.ts";
import { invalidGrant } from "./errors.ts";

/** An authorization code and everything that it is bound to. Times are in milliseconds. */
export interface AuthorizationCode {
  code: string;
  who: Consenter;
  user: string;
  /** The audience of the path it was issued on. */
  audience: string;
  redirectUri: string;
  oidc: string[];
  resources: [resource: string, names: string[]][];
  nonce?: string;
  claims?: string;
  challenge?: { value: string; method: "S256" | "plain" };
  issuedAt: number;
  /** The family of the tokens that it was redeemed for. */
  redeemedAs?: string;
}

const LIFETIME_MS = 10 * 60_000;

interface Issue {
  who: Consenter;
  user: string;
  audience: string;
  destination: Destination;
  request: AuthorizeRequest;
}

/** Makes a code for what the user agreed to. */
export function issueCode(world: World, { who, user, audience, destination, request }: Issue): string {
  const code = `1.AXkA${randomText(120)}`;
  const { scopes, nonce, claims, challenge } = request;
  const record: AuthorizationCode = {
    code,
    who,
    user,
    audience,
    redirectUri: destination.redirectUri,
    oidc: scopes.oidc,
    resources: [...scopes.resources],
    ...(nonce !== undefined && { nonce }),
    ...(claims !== undefined && { claims }),
    ...(challenge !== undefined && { challenge }),
    issuedAt: world.now(),
  };
  world.store.put(codeKey(code), record);
  return code;
}

/** The code as it was issued. Throws when there is none such or it is too old; a used one is the caller's to refuse. */
export function findCode(world: World, code: string): AuthorizationCode {
  const record = world.store.get<AuthorizationCode>(codeKey(code));
  if (record?.code !== code) throw invalidGrant(9002313, "Invalid request. Request is malformed or invalid.");
  if (record.redeemedAs === undefined && record.issuedAt + LIFETIME_MS <= world.now()) {
    throw invalidGrant(
      70008,
      "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
    );
  }
  return record;
}

/** Marks a code as used, for the family of tokens it gives. */
export function spendCode(world: World, code: AuthorizationCode, family: string): void {
  world.store.put(codeKey(code.code), { ...code, redeemedAs: family });
}

function codeKey(code: string): string {
  return `code:${code.slice(0, 60)}`;
}
