/** What is usual, so that a provider's file says only what is its own. */
import type { Provider } from "./provider.ts";

const DAY_MS = 86_400_000;

/** What every provider must say. */
export type ProviderBasics = Pick<Provider, "id" | "name" | "client" | "resources" | "firstResource" | "identity">;

/** A provider that speaks OAuth 2 as RFC 6749 and RFC 9700 have it, but for what `own` says. */
export function defineProvider(own: ProviderBasics & Pick<Provider, "classify"> & Partial<Provider>): Provider {
  return { ...USUAL, ...own };
}

const USUAL = {
  endpoints: {},
  discovery: undefined,
  redirectUri: undefined,
  authorization: { parameters: {}, withoutRefreshToken: {}, pkce: true, scope: true },
  tokenRequest: { body: "form", scope: false, requestIdHeader: undefined },
  catalogue: [],
  features: {},
  scopes: [],
  openidScopes: [],
  scopeAliases: {},
  passThrough: ["login_hint", "prompt"],
  refreshTokens: {
    rotation: "rotates",
    idleMs: undefined,
    // Nobody said for how long an unused one lives: it is shown often enough for the strict.
    keepAliveMs: 7 * DAY_MS,
    lifetimeMs: undefined,
    lifetimeReason: { reason: "fixed_lifetime", mend: "user" },
  },
  revocation: undefined,
  account: undefined,
  proxyLimit: { quota: 300, windowMs: 60_000 },
  links: [],
  adminConsentUrl: undefined,
} as const satisfies Partial<Provider>;
