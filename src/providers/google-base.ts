/** What Google's products share: one client, one authorization server, one grant per account. */
import type { Config } from "../lib/config.ts";
import { defineProvider } from "./define.ts";
import { classifyGoogle } from "./google-errors.ts";
import { GOOGLE_PRODUCT, googleScope, YOUTUBE_PRODUCT } from "./google-scopes.ts";
import type { Claims, Identity, Product, Provider } from "./provider.ts";
import { text } from "./read.ts";

const DAY_MS = 86_400_000;
const ISSUER = "https://accounts.google.com";
const PRODUCTS = [GOOGLE_PRODUCT, YOUTUBE_PRODUCT];

/** What a product adds to the base. */
type OwnPart = Product & Pick<Provider, "name" | "scopes" | "resources"> & Partial<Provider>;

/** A product of Google's; undefined where no client is configured. */
export function googleProduct(config: Config, product: (urls: GoogleUrls) => OwnPart): Provider | undefined {
  if (!config.google) return undefined;
  const urls = urlsOf(config);
  const own = product(urls);
  const { clientId, clientSecrets, secretExpiresAt } = config.google;
  return defineProvider({
    endpoints: {
      authorization: `${urls.accounts}/o/oauth2/v2/auth`,
      token: `${urls.oauth}/token`,
      revocation: `${urls.oauth}/revoke`,
      // An answer that names one is held to it; not every answer does.
      issuer: ISSUER,
      namesIssuer: false,
    },
    discovery: {
      urls: [`${urls.accounts}/.well-known/openid-configuration`],
      issuer: ISSUER,
      anywhere: config.environment === "development",
    },
    client: {
      id: clientId,
      credentials: clientSecrets.map((secret) => ({ method: "post", secret })),
      expiresAt: secretExpiresAt,
    },
    authorization: {
      // There is no offline_access scope; earlier grants come along, so that the token stands for all of them.
      parameters: { access_type: "offline", include_granted_scopes: "true" },
      // A refresh token comes with the first consent alone, unless consent is asked for again.
      withoutRefreshToken: { prompt: "consent" },
      pkce: true,
      scope: true,
    },
    prompts: ["none", "consent", "select_account"],
    openidScopes: ["openid", "profile", "email"],
    scopeAliases: { [googleScope("userinfo.email")]: "email", [googleScope("userinfo.profile")]: "profile" },
    refreshTokens: refreshTokensOf(config),
    // Either token takes everything with it that this user ever gave this client.
    revocation: { reach: "account", shares: ["google", "youtube"] },
    identity: { kind: "id_token", identify, expectedIssuer },
    classify: classifyGoogle,
    // Earlier grants come along: a token of one product carries the scopes of the other.
    siblings: PRODUCTS.filter(({ id }) => id !== own.id),
    ...own,
  });
}

function refreshTokensOf({ googleTesting }: Config): Provider["refreshTokens"] {
  return {
    rotation: "keeps",
    idleMs: 180 * DAY_MS,
    keepAliveMs: 120 * DAY_MS,
    lifetimeMs: googleTesting ? 7 * DAY_MS : undefined,
    // Else it is the user who has given access for a time alone.
    lifetimeReason: googleTesting
      ? { reason: "google_app_in_testing", mend: "operator" }
      : { reason: "time_limited_access", mend: "user" },
  };
}

/** Google's hosts, or what stands in for them. */
interface GoogleUrls {
  readonly accounts: string;
  readonly oauth: string;
  readonly api: string;
  /** Hosts of products that have one of their own; none where the API's own was replaced. */
  readonly hosts: (...names: string[]) => Readonly<Record<string, string>>;
}

function urlsOf({ googleAccountsUrl, googleTokenUrl, googleApiUrl }: Config): GoogleUrls {
  return {
    accounts: googleAccountsUrl ?? ISSUER,
    // Both the base and the token endpoint itself are understood.
    oauth: (googleTokenUrl ?? "https://oauth2.googleapis.com").replace(/\/token$/, ""),
    api: googleApiUrl ?? "https://www.googleapis.com",
    hosts: (...names) =>
      Object.fromEntries(googleApiUrl === undefined ? names.map((name) => [name, `https://${name}`]) : []),
  };
}

/** `sub` is the key: addresses change hands. A Workspace names itself in `hd`. */
function identify({ sub, name, email, hd, picture }: Claims): Identity | undefined {
  if (typeof sub !== "string" || sub === "") return undefined;
  return { account: sub, name: text(name), address: text(email), tenant: text(hd), picture: text(picture) };
}

/** Google writes its issuer with and without the scheme. */
function expectedIssuer(discovered: string, { iss }: Claims): string {
  return iss === "accounts.google.com" ? iss : discovered;
}
