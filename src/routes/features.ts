/** The feature gate: a route says what it is about to do, and the keeper looks whether grant and policy cover it. */
import { createMiddleware } from "hono/factory";
import type { UseInput } from "../connections/use.ts";
import type { Feature } from "../lib/features.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Hosted, HostedContext } from "./context.ts";

/** What a route is about to do at a provider. */
export interface NeededFeature {
  readonly provider: ProviderId;
  readonly feature: Feature;
}

/**
 * Lets only those through whose grant unlocks the feature, and whose roles may use it. The check costs no call of its
 * own: it goes with the one that asks the keeper for a token, by {@link gateOf}. Fails as `scope_insufficient` with
 * `missing_scopes` and `authorize_path`, or as `forbidden` by the scope policy. Stands behind the guard of the caller.
 */
export function requireFeature(provider: ProviderId, feature: Feature) {
  return createMiddleware<Hosted>(async (c, next) => {
    c.set("needs", [...(c.get("needs") ?? []), { provider, feature }]);
    await next();
    // A handler that never asked was never checked: a mistake that its first test has to meet.
    if (c.res.ok && !c.get("gated")?.includes(provider)) throw new Error(`${feature} of ${provider} was not checked`);
  });
}

/** What the call for a token of that provider has to carry, so that the features are checked. */
export function gateOf(c: HostedContext, provider: ProviderId): Pick<UseInput, "features" | "callerRoles" | "actor"> {
  const needed = (c.get("needs") ?? []).filter((one) => one.provider === provider);
  if (needed.length === 0) return {};
  c.set("gated", [...(c.get("gated") ?? []), provider]);
  const { roles, subject } = c.get("caller");
  return { features: needed.map(({ feature }) => feature), callerRoles: roles, actor: subject };
}
