/** From what an application wants to the scopes that are asked for. No I/O. */
import { type FieldError, notValid } from "../lib/errors.ts";
import { type Feature, isFeature } from "../lib/features.ts";
import { mayUseFeature, type PolicyQuestion, scopesBeyond } from "./policy.ts";
import type { Provider } from "./provider.ts";
import { isOpenidScope, spelledOut, unionOf } from "./scopes.ts";

/** What an application asks for, in the provider's words or in ours. */
export interface Wish {
  readonly scopes?: readonly string[] | undefined;
  readonly features?: readonly string[] | undefined;
}

/** The scopes of a wish in full form; the provider's usual ones where nothing is wished. Fails as `validation_failed` for a feature that the provider does not have, or what is no scope. */
export function scopesAskedFor(question: PolicyQuestion, { scopes, features }: Wish): string[] {
  const { provider } = question;
  if (scopes === undefined && features === undefined) return [...provider.scopes];
  const errors: FieldError[] = (scopes ?? []).flatMap((scope, index) =>
    SCOPE_TOKEN.test(scope) ? [] : [{ path: `scopes.${index}`, message: "expected one scope, without blanks" }],
  );
  const unlocking = (features ?? []).flatMap((feature, index) => {
    const wanted = isFeature(feature) ? scopeUnlocking(question, feature) : undefined;
    if (wanted === undefined) errors.push({ path: `features.${index}`, message: unknownFeature(provider) });
    return wanted ?? [];
  });
  if (errors.length > 0) throw notValid(errors);
  const named = (scopes ?? []).filter((scope) => !isOpenidScope(provider, scope));
  return unionOf(
    provider,
    named.map((scope) => inFull(provider, scope)),
    unlocking,
  );
}

/** RFC 6749 section 3.3. Two scopes in one entry would be judged as one that nobody knows. */
const SCOPE_TOKEN = /^[!#-[\]-~]+$/;

function unknownFeature({ name, features }: Provider): string {
  return `expected a feature of ${name}: ${Object.keys(features).join(", ")}`;
}

/** The least powerful scope that the caller may have; where there is none, the least powerful: the policy will refuse it by name. */
function scopeUnlocking(question: PolicyQuestion, feature: Feature): readonly string[] | undefined {
  const any = question.provider.features[feature];
  if (any === undefined || any.length === 0) return any;
  const beyond = new Set(scopesBeyond(question, any));
  const allowed = mayUseFeature(question, feature) ? any.filter((scope) => !beyond.has(scope)) : any;
  return allowed.slice(0, 1);
}

/** Entra reads a bare name as the first resource's that it meets: nothing is left to chance. */
function inFull(provider: Provider, scope: string): string {
  const alias = spelledOut(provider, scope);
  const prefix = provider.resources[provider.firstResource]?.scopePrefix ?? "";
  return alias.includes("://") ? alias : prefix + alias;
}
