/** A certified OpenID provider (panva's `oidc-provider`), run on loopback: refresh tokens rotate, and a replay ends the grant. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import OidcProvider, { type Configuration, type JWK } from "oidc-provider";
import { CLIENTS, registrationOf, SECRET } from "./clients.ts";
import { interact } from "./interaction.ts";

/** What the provider did, as it says itself. */
export interface Seen {
  readonly refreshes: number;
  /** Refreshes that were refused. */
  readonly refusals: number;
  /** Grants that were revoked: by their owner, or because a dead token was shown. */
  readonly revoked: number;
}

/** The provider, running. */
export interface RunningProvider {
  readonly issuer: string;
  /** How long access tokens live from now on, s. */
  accessTokenS: number;
  /** How long the token endpoint takes before it begins, ms. */
  tokenDelayMs: number;
  seen(): Seen;
  /** Token requests that are cut off from now on: `before` the provider has seen them, or `after` it has answered. */
  readonly drops: ("before" | "after")[];
  /** True where a token is good, by introspection (RFC 7662). */
  isActive(token: string): Promise<boolean>;
  /** What userinfo says to a token, undefined where it is refused. */
  userinfo(accessToken: string): Promise<Record<string, unknown> | undefined>;
  /** Ends every grant of a person, as they can at the provider's own page. */
  endGrants(person: string): Promise<void>;
  stop(): Promise<void>;
}

const SIGNING = ["RS256", "PS256", "ES256", "EdDSA"];

/** Starts one on a free port. `callbacks`: every client's redirect URI is one of them, with its id for `{id}`. */
export async function startProvider(callbacks: readonly string[]): Promise<RunningProvider> {
  const server = http.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state = { accessTokenS: 3600, tokenDelayMs: 0, drops: new Array<"before" | "after">() };
  const provider = new OidcProvider(issuer, await configuration(callbacks, state));
  const counts = watch(provider);
  const grants = new Set<InstanceType<OidcProvider["Grant"]>>();
  provider.on("grant.saved", (grant) => grants.add(grant));
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/")) return void interact(provider, request, response);
    const drop = request.url === "/token" ? state.drops.shift() : undefined;
    if (drop === "before") return void request.socket.destroy();
    // The work is done, and the connection breaks before a byte of the answer has left.
    if (drop === "after") response.writeHead = () => response.destroy();
    const delayMs = request.url === "/token" ? state.tokenDelayMs : 0;
    setTimeout(() => void answer(request, response), delayMs);
  });
  return Object.assign(state, {
    issuer,
    seen: () => ({ ...counts }),
    isActive: (token: string) => introspect(issuer, token),
    userinfo: (accessToken: string) => userinfo(issuer, accessToken),
    async endGrants(person: string) {
      for (const grant of grants) if (grant.accountId === person) await grant.destroy();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function configuration(callbacks: readonly string[], state: { accessTokenS: number }): Promise<Configuration> {
  return {
    clients: CLIENTS.map((client) => registrationOf(client, callbacks)),
    jwks: { keys: await Promise.all(SIGNING.map(signingKey)) },
    cookies: { keys: ["a-key-of-the-test-provider"] },
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"],
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA", "HS256"] },
    scopes: ["openid", "offline_access", "notes.read", "notes.write"],
    claims: { openid: ["sub"], profile: ["name", "picture"], email: ["email"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `${id} of the provider`,
        email: `${id}@op.example`,
        picture: `${PICTURES}/${id}`,
      }),
    }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: () => state.accessTokenS,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  };
}

const PICTURES = "https://op.example/pictures";

async function signingKey(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `key-${alg}` };
}

function watch(provider: OidcProvider): Seen {
  const counts = { refreshes: 0, refusals: 0, revoked: 0 };
  const isRefresh = (params: unknown) => (params as { grant_type?: string })?.grant_type === "refresh_token";
  provider.on("grant.success", ({ oidc }) => (counts.refreshes += isRefresh(oidc.params) ? 1 : 0));
  provider.on("grant.error", ({ oidc }) => (counts.refusals += isRefresh(oidc.params) ? 1 : 0));
  provider.on("grant.revoked", () => (counts.revoked += 1));
  return counts;
}

async function introspect(issuer: string, token: string): Promise<boolean> {
  // Any confidential client may ask.
  const body = new URLSearchParams({ token, client_id: "post", client_secret: SECRET });
  const answer = await fetch(`${issuer}/token/introspection`, { method: "POST", body });
  const said = (await answer.json()) as { active?: boolean };
  if (said.active === undefined) throw new Error(`introspection: ${answer.status} ${JSON.stringify(said)}`);
  return said.active;
}

async function userinfo(issuer: string, accessToken: string): Promise<Record<string, unknown> | undefined> {
  const answer = await fetch(`${issuer}/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
  const body = (await answer.json()) as Record<string, unknown>;
  return answer.status === 200 ? body : undefined;
}
