/** The OAuth manager: providers, sign-ins, and what became of them. */
import { Hono } from "hono";
import { managerRedirectUri } from "../connections/reauth.ts";
import { failure } from "../lib/errors.ts";
import { FEATURES, type Feature } from "../lib/features.ts";
import { unlockedBy } from "../providers/features.ts";
import { configuredProviders, findProvider, registryOf } from "../providers/index.ts";
import type { Provider } from "../providers/provider.ts";
import { adminAnswer, isAdminAnswer } from "./admin-consent.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { getAlone, limited, limitedByAddress, smallBody } from "./guards.ts";
import { authorize } from "./oauth-authorize.ts";
import {
  disconnectAll,
  disconnectOne,
  listIntegrations,
  refreshOne,
  showIntegration,
  syncAll,
} from "./oauth-integrations.ts";
import { status } from "./oauth-status.ts";
import { releaseToken } from "./oauth-token.ts";
import { completeSignIn } from "./sign-in.ts";

/** The routes below `oauth` but for records, events and the proxy. */
export function oauthManager() {
  const own = "own_connections";
  return new Hono<Hosted>({ strict: false })
    .get("/providers", (c) => c.json(describeProviders(c)))
    .post("/authorize", ...limited(own, "authorize"), authorize)
    .get("/callback/:provider", getAlone, limitedByAddress("callback"), complete)
    .get("/integrations", ...limited(own, "reads"), listIntegrations)
    .delete("/integrations", ...limited(own, "manage"), smallBody, disconnectAll)
    .post("/integrations/sync", ...limited(own, "refresh"), smallBody, syncAll)
    .get("/integrations/:id", ...limited(own, "reads"), showIntegration)
    .delete("/integrations/:id", ...limited(own, "manage"), smallBody, disconnectOne)
    .post("/integrations/:id/refresh", ...limited(own, "refresh"), smallBody, refreshOne)
    .get("/integrations/:id/token", getAlone, ...limited("token_release", "tokens"), releaseToken)
    .get("/status", ...limited(own, "reads"), status);
}

async function complete(c: HostedContext): Promise<Response> {
  const provider = c.req.param("provider") ?? "";
  if (!Object.hasOwn(registryOf(c.get("premises").config), provider))
    throw failure("not_found", "There is no such provider.");
  const { config } = c.get("premises");
  const { publicUrl } = config;
  // A sign-in that began here names this address to the administrator as well.
  if (isAdminAnswer(c.req.query()) && findProvider(config, provider)?.adminConsentUrl !== undefined)
    return adminAnswer(c, c.req.query());
  return completeSignIn(c, { provider, redirectUri: managerRedirectUri({ ...c.get("system"), publicUrl }, provider) });
}

/** Every provider that is known here, configured or not. */
function describeProviders(c: HostedContext) {
  const { config } = c.get("premises");
  const configured = new Set(configuredProviders(config));
  c.header("Cache-Control", "public, max-age=60");
  return {
    providers: Object.entries(registryOf(config)).map(([id, { name }]) => {
      const provider = configured.has(id) ? findProvider(config, id) : undefined;
      return { id, name, configured: provider !== undefined, ...(provider ? describe(provider) : NOTHING_YET) };
    }),
  };
}

const NOTHING_YET = { scopes: [], features: [], resources: [] };

function describe(provider: Provider) {
  const { catalogue, features, resources, refreshTokens, proxyLimit, quotas } = provider;
  return {
    scopes: [...catalogue.map((entry) => scopeOf(provider, entry)), ...openidOf(provider)],
    features: (Object.keys(features) as Feature[]).map((feature) => ({
      feature,
      unlocks: FEATURES[feature],
      any_of: features[feature],
    })),
    resources: Object.keys(resources),
    refresh_tokens: refreshTokens.rotation,
    proxy_limit: { quota: proxyLimit.quota, window_s: proxyLimit.windowMs / 1000 },
    quotas: quotas.map(({ windowS, ...quota }) => ({ ...quota, window_s: windowS })),
  };
}

function scopeOf(provider: Provider, { scope, name, sensitivity }: Provider["catalogue"][number]) {
  const unlocks = unlockedBy(provider, scope);
  return { scope, name, unlocks, sensitivity, default: provider.scopes.includes(scope) };
}

/** OpenID Connect Core section 5.4. */
const OPENID: Readonly<Record<string, string>> = {
  openid: "Know who signed in",
  profile: "Name and picture",
  email: "Mail address",
  offline_access: "Stay connected",
};

function openidOf({ openidScopes }: Provider) {
  return openidScopes.map((scope) => ({
    scope,
    name: OPENID[scope] ?? scope,
    unlocks: scope === "profile" ? ["profile"] : [],
    sensitivity: "basic" as const,
    default: true,
  }));
}
