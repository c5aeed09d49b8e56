/**
 * Who may ask for what. A table by role; `SCOPE_POLICY` replaces rows of it. No I/O.
 *
 * The policy judges twice: before a user is sent anywhere, and when a token is handed out, because an answer may carry
 * more than was asked for.
 */
import type { ScopePolicy } from "../lib/config-policy.ts";
import { type Feature, isFeature } from "../lib/features.ts";
import { scopesFor } from "./features.ts";
import type { Product, Provider, ScopeEntry } from "./provider.ts";
import { equalScopes, isOpenidScope } from "./scopes.ts";

type Sensitivity = ScopeEntry["sensitivity"];

/** Role → how sensitive a scope of the catalogue may be. `unlisted`: scopes that no catalogue knows. */
export const ROLE_POLICY: Readonly<Record<string, readonly (Sensitivity | "unlisted")[]>> = {
  user: ["basic", "sensitive", "restricted"],
  service: ["basic", "sensitive", "restricted"],
  tenant_admin: ["basic", "sensitive", "restricted", "admin"],
  operator: ["basic", "sensitive", "restricted", "admin", "unlisted"],
};

/** Who asks, of whom. */
export interface PolicyQuestion {
  readonly policy: ScopePolicy;
  readonly provider: Provider;
  readonly roles: readonly string[];
}

/** Those of `scopes` that none of the roles may have. OpenID scopes are everybody's. */
export function scopesBeyond(question: PolicyQuestion, scopes: readonly string[]): string[] {
  return scopes.filter((scope) => !isOpenidScope(question.provider, scope) && !mayHave(question, scope));
}

/** True where one of the roles may use the feature: it may have a scope that unlocks it, or the feature needs none. */
export function mayUseFeature(question: PolicyQuestion, feature: Feature): boolean {
  const any = question.provider.features[feature];
  if (any === undefined) return false;
  return any.length === 0 || any.some((scope) => mayHave(question, scope));
}

function mayHave({ policy, provider: named, roles }: PolicyQuestion, scope: string): boolean {
  const provider = judgeOf(named, scope);
  return roles.some((role) => {
    const row = rowFor(policy, role, provider.id);
    return row === undefined ? builtIn(provider, role, scope) : row.some((entry) => covers(provider, entry, scope));
  });
}

/** The provider whose rows judge a scope: one that comes along from a sibling is its sibling's. */
function judgeOf(provider: Provider, scope: string): Provider {
  const lists = ({ catalogue }: Product) => catalogue.some((one) => equalScopes(provider, one.scope, scope));
  const sibling = lists(provider) ? undefined : provider.siblings.find(lists);
  return sibling ? { ...provider, ...sibling } : provider;
}

function rowFor(policy: ScopePolicy, role: string, provider: string): readonly string[] | undefined {
  const rows = Object.hasOwn(policy, role) ? policy[role] : undefined;
  if (rows === undefined) return undefined;
  return Object.hasOwn(rows, provider) ? rows[provider] : Object.hasOwn(rows, "*") ? rows["*"] : undefined;
}

function builtIn(provider: Provider, role: string, scope: string): boolean {
  const may = Object.hasOwn(ROLE_POLICY, role) ? ROLE_POLICY[role] : undefined;
  const entry = provider.catalogue.find((one) => equalScopes(provider, one.scope, scope));
  return may?.includes(entry?.sensitivity ?? "unlisted") ?? false;
}

/** An entry is `*`, a scope, or a feature, which stands for the least that unlocks it: what reads and writes is not meant by reading. */
function covers(provider: Provider, entry: string, scope: string): boolean {
  if (entry === "*" || equalScopes(provider, entry, scope)) return true;
  return isFeature(entry) && (scopesFor(provider, entry) ?? []).some((one) => equalScopes(provider, one, scope));
}
