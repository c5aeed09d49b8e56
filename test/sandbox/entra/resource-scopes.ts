import { CONSUMERS_TENANT } from "../defaults.ts";
import type { World } from "../world.ts";
import { consentedNames, type Consenter } from "./consents.ts";
import { invalidGrant, invalidRequest } from "./errors.ts";
import type { Scopes } from "./scopes.ts";

/** The one resource of a token and what is asked of it. */
export interface ResourceScopes {
  resource: string;
  names: string[];
}

/** The single resource that a token request names, if it names any. Throws AADSTS28000 on several. */
export function onlyResource({ resources }: Scopes): ResourceScopes | undefined {
  const [first, second] = resources;
  if (first !== undefined && second !== undefined) {
    const text = `Provided value for the input parameter scope is not valid because it contains more than one resource. Scope ${[...resources.keys()].join(" ")} is not valid.`;
    throw invalidRequest(28000, text);
  }
  return first && { resource: first[0], names: first[1] };
}

/** The names that a token for the resource will carry. Throws when something asked for was never granted. */
export function grantedNames(world: World, who: Consenter, { resource, names }: ResourceScopes): string[] {
  const granted = consentedNames(world, who, resource);
  const asked = names.filter((name) => name !== ".default");
  const missing =
    asked.some((name) => !granted.includes(name)) || (asked.length < names.length && granted.length === 0);
  if (missing) throw notConsented(who);
  const everything = world.settings().scope_answer === "granted" && who.tid !== CONSUMERS_TENANT;
  return everything || asked.length === 0 ? granted : asked;
}

// Personal accounts are told so in other words, which must not be taken for a dead refresh token.
function notConsented({ clientId, tid }: Consenter) {
  if (tid === CONSUMERS_TENANT) {
    return invalidGrant(
      70000,
      "The request was denied because one or more scopes requested are unauthorized or expired. The user must first sign in and grant the client application access to the requested scope.",
    );
  }
  const text = `The user or administrator has not consented to use the application with ID '${clientId}'. Send an interactive authorization request for this user and resource.`;
  return invalidGrant(65001, text, "consent_required");
}
