/** What is usual, so that a provider's file says only what is its own. */
import type { Config } from "../lib/config.ts";
import { classifyOAuth } from "./oauth-errors.ts";
import type { Provider } from "./provider.ts";

const DAY_MS = 86_400_000;

/** What every provider must say. */
type Basics = Pick<Provider, "id" | "name" | "client" | "resources" | "identity">;

/** A provider that speaks OAuth 2 as RFC 6749 and RFC 9700 have it, but for what `own` says. */
export function defineProvider(own: Basics & Partial<Provider>): Provider {
  const [firstResource = ""] = Object.keys(own.resources);
  // RFC 7009 section 2: the token, and what was made with it.
  const revocation = own.endpoints?.revocation === undefined ? undefined : ({ reach: "token", shares: [] } as const);
  return { ...USUAL, firstResource, revocation, ...own };
}

/** The same with the client in `MADE_UP_CLIENT_ID` and `MADE_UP_CLIENT_SECRET` where the id is made-up, its secret posted; undefined where they are not set. */
export function registeredProvider(
  config: Pick<Config, "registrations">,
  own: Omit<Basics, "client"> & Partial<Provider>,
): Provider | undefined {
  const client = config.registrations[own.id];
  if (!client) return undefined;
  const credentials = client.clientSecrets.map((secret) => ({ method: "post", secret }) as const);
  return defineProvider({ client: { id: client.clientId, credentials, expiresAt: client.secretExpiresAt }, ...own });
}

const USUAL = {
  endpoints: {},
  discovery: undefined,
  redirectUri: undefined,
  authorization: { parameters: {}, withoutRefreshToken: {}, pkce: true, scope: true },
  tokenRequest: { body: "form", scope: false, requestIdHeader: undefined },
  catalogue: [],
  features: {},
  siblings: [],
  scopes: [],
  openidScopes: [],
  scopeAliases: {},
  passThrough: ["login_hint", "prompt"],
  // OpenID Connect Core section 3.1.2.1.
  prompts: ["none", "login", "consent", "select_account"],
  refreshTokens: {
    rotation: "rotates",
    idleMs: undefined,
    // Nobody said for how long an unused one lives: it is shown often enough for the strict.
    keepAliveMs: 7 * DAY_MS,
    lifetimeMs: undefined,
    lifetimeReason: { reason: "fixed_lifetime", mend: "user" },
  },
  account: undefined,
  proxyLimit: { quota: 300, windowMs: 60_000 },
  quotas: [],
  links: [],
  adminConsentUrl: undefined,
  classify: classifyOAuth,
} as const satisfies Partial<Provider>;
