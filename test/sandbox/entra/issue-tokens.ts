import { GRAPH_RESOURCE } from "../defaults.ts";
import type { World } from "../world.ts";
import { issueAccessToken } from "./access-tokens.ts";
import { signIdToken } from "./id-token.ts";
import { issueRefreshToken, type RefreshTokenSeed } from "./refresh-tokens.ts";
import { fullScope } from "./scopes.ts";
import type { TokenAnswer } from "./token-request.ts";
import type { Identity, User } from "./users.ts";

/** Tokens for a person: what they rest on, and which of them to issue. */
export interface Issue {
  origin: string;
  user: User;
  identity: Identity;
  seed: RefreshTokenSeed;
  /** What the access token may do. */
  granted: string[];
  withRefreshToken: boolean;
  withIdToken: boolean;
}

/** Issues the tokens of a delegated grant. Everything is stored before the first wait. */
export function issueTokens(world: World, issue: Issue): Promise<TokenAnswer> {
  const { seed, granted, origin } = issue;
  const { token, expiresIn } = issueAccessToken(world, origin, {
    clientId: seed.who.clientId,
    tid: issue.identity.tid,
    user: issue.user.name,
    oid: issue.identity.oid,
    resource: seed.resource,
    scopes: granted,
    roles: [],
    oidc: seed.oidc,
    ...(seed.claims !== undefined && { claims: seed.claims }),
  });
  const answer = {
    token_type: "Bearer",
    scope: echoedScope(seed, granted),
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    access_token: token,
    ...(issue.withRefreshToken && { refresh_token: issueRefreshToken(world, seed) }),
  };
  return issue.withIdToken ? withIdToken(world, issue, answer) : Promise.resolve(answer);
}

async function withIdToken(
  world: World,
  { origin, user, identity, seed }: Issue,
  answer: TokenAnswer,
): Promise<TokenAnswer> {
  const subject = { origin, clientId: seed.who.clientId, user, identity, oidc: seed.oidc, nonce: seed.nonce };
  return { ...answer, id_token: await signIdToken(world, subject) };
}

// Full URIs, the OpenID scopes after them, and never offline_access.
function echoedScope({ resource, oidc }: RefreshTokenSeed, granted: readonly string[]): string {
  const openid = ["profile", "openid", "email"].filter((name) => oidc.includes(name));
  return [...granted.map((name) => fullScope(resource, name)), ...openid].join(" ");
}

/** The resource of a grant that asked for nothing but OpenID scopes. */
export const OPENID_RESOURCE = GRAPH_RESOURCE;
