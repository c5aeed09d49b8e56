import { CONSUMERS_TENANT } from "../defaults.ts";
import { base64url, randomText } from "../ids.ts";
import type { World } from "../world.ts";

/** What an access token is good for. Times are in milliseconds. */
export interface AccessToken {
  token: string;
  clientId: string;
  tid: string;
  /** Absent for an application's own token. */
  user?: string;
  oid?: string;
  resource: string;
  scopes: string[];
  roles: string[];
  oidc: string[];
  claims?: string;
  issuedAt: number;
  expiresAt: number;
}

/** Issues an access token and says how many seconds it lives. Personal accounts get one that is no JWT. */
export function issueAccessToken(
  world: World,
  origin: string,
  grant: Omit<AccessToken, "token" | "issuedAt" | "expiresAt">,
): { token: string; expiresIn: number } {
  const expiresIn = world.settings().expires_in ?? randomLifetime();
  const now = world.now();
  const record = { ...grant, issuedAt: now, expiresAt: now + expiresIn * 1000 };
  const token = grant.tid === CONSUMERS_TENANT ? `EwB4A8l6BAAU${randomText(600)}` : jwtLookalike(origin, record);
  world.store.put<AccessToken>(accessKey(token), { ...record, token });
  return { token, expiresIn };
}

/** The access token as it was issued. */
export function findAccessToken(world: World, token: string): AccessToken | undefined {
  const record = world.store.get<AccessToken>(accessKey(token));
  return record?.token === token ? record : undefined;
}

// The provider spreads lifetimes, so that applications do not refresh in step.
function randomLifetime(): number {
  return 3600 + Math.floor(Math.random() * 1801);
}

// Microsoft's resources keep their own format and keys: an application cannot verify these tokens anyway.
function jwtLookalike(
  origin: string,
  { tid, resource, scopes, roles, clientId, oid, issuedAt, expiresAt }: Omit<AccessToken, "token">,
): string {
  const payload = {
    aud: resource,
    iss: issuerOf(origin, tid),
    iat: Math.floor(issuedAt / 1000),
    nbf: Math.floor(issuedAt / 1000),
    exp: Math.floor(expiresAt / 1000),
    appid: clientId,
    tid,
    ver: "1.0",
    uti: randomText(16),
    ...(oid !== undefined && { oid, scp: scopes.join(" ") }),
    ...(roles.length > 0 && { roles }),
  };
  const header = { typ: "JWT", nonce: randomText(32), alg: "RS256", kid: "sandbox" };
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}.${randomText(256)}`;
}

/** The issuer of an access token, which has the form of v1.0. */
export function issuerOf(origin: string, tid: string): string {
  return `${origin.replace("//login.microsoftonline.com", "//sts.windows.net")}/${tid}/`;
}

function accessKey(token: string): string {
  return `access:${token.slice(-60)}`;
}
