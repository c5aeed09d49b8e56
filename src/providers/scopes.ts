/** Comparing scopes. Answers may change their case, leave the resource's prefix out, or use another spelling. */
import type { Provider } from "./provider.ts";

type Scoped = Pick<Provider, "resources" | "openidScopes" | "scopeAliases">;

/** A scope in the spelling by which it is compared. */
function plainScope(provider: Scoped, scope: string): string {
  const lower = spelledOut(provider, scope.toLowerCase());
  const prefix = Object.values(provider.resources)
    .map((resource) => resource.scopePrefix.toLowerCase())
    .find((one) => one !== "" && lower.startsWith(one));
  // The first resource's scopes are often written without their prefix; another resource's never are.
  return prefix === firstPrefix(provider) && prefix !== undefined ? lower.slice(prefix.length) : lower;
}

/** Under its usual name. By its own row alone: whoever asks writes the scope, and `constructor` is no alias. */
export function spelledOut({ scopeAliases }: Pick<Provider, "scopeAliases">, scope: string): string {
  return (Object.hasOwn(scopeAliases, scope) ? scopeAliases[scope] : undefined) ?? scope;
}

function firstPrefix(provider: Scoped): string | undefined {
  return Object.values(provider.resources)[0]?.scopePrefix.toLowerCase();
}

/** The scope as people write it: those of the first resource without its prefix. */
export function shortScope(provider: Pick<Provider, "resources" | "firstResource">, scope: string): string {
  const prefix = provider.resources[provider.firstResource]?.scopePrefix ?? "";
  return scope.toLowerCase().startsWith(prefix.toLowerCase()) ? scope.slice(prefix.length) : scope;
}

/** True where both name the same scope. */
export function equalScopes(provider: Scoped, left: string, right: string): boolean {
  return plainScope(provider, left) === plainScope(provider, right);
}

/** True for a scope that belongs to no resource. */
export function isOpenidScope(provider: Scoped, scope: string): boolean {
  const plain = plainScope(provider, scope);
  return OPENID.has(plain) || provider.openidScopes.includes(plain);
}

const OPENID = new Set(["openid", "profile", "email", "offline_access", "address", "phone"]);

/** Those of `asked` that are not among `granted`. OpenID scopes are not echoed by everybody and never count. */
export function missingScopes(provider: Scoped, asked: readonly string[], granted: readonly string[]): string[] {
  const held = new Set(granted.map((scope) => plainScope(provider, scope)));
  return asked.filter((scope) => !isOpenidScope(provider, scope) && !held.has(plainScope(provider, scope)));
}

/** Both lists as one, each scope once, in the spelling that came first. */
export function unionOf(provider: Scoped, ...lists: readonly (readonly string[])[]): string[] {
  const seen = new Map<string, string>();
  for (const scope of lists.flat()) {
    const plain = plainScope(provider, scope);
    if (!seen.has(plain)) seen.set(plain, scope);
  }
  return [...seen.values()];
}
