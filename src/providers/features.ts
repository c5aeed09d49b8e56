/** Features of a provider: which of its scopes unlock what an application wants to do. */
import type { Feature } from "../lib/features.ts";
import { equalScopes } from "./scopes.ts";
import type { Provider } from "./provider.ts";

/** What to ask for so that a feature works: the least powerful scope, or none where it comes with every grant; undefined where the provider has no such feature. */
export function scopesFor(provider: Provider, feature: Feature): readonly string[] | undefined {
  return provider.features[feature]?.slice(0, 1);
}

/** True where these scopes unlock the feature. */
export function unlocks(provider: Provider, feature: Feature, scopes: readonly string[]): boolean {
  const any = provider.features[feature];
  if (any === undefined) return false;
  return any.length === 0 || any.some((wanted) => scopes.some((scope) => equalScopes(provider, scope, wanted)));
}

/** The features that a scope unlocks. */
export function unlockedBy(provider: Provider, scope: string): Feature[] {
  const entries = Object.entries(provider.features) as [Feature, readonly string[]][];
  return entries.filter(([, any]) => any.some((one) => equalScopes(provider, one, scope))).map(([feature]) => feature);
}
