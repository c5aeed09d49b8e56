import { PEOPLE } from "../defaults.ts";
import { findTenant } from "../entra/tenants.ts";
import { findUser, identityAt, type User } from "../entra/users.ts";
import type { World } from "../world.ts";
import type { Caller } from "./caller.ts";
import { GraphError } from "./errors.ts";

/** The user behind `/me`. Throws for an application's own token, which has none. */
export function ownUser({ user }: Caller): User {
  if (user !== undefined) return user;
  throw new GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.");
}

/** The user behind `/users/{id | userPrincipalName}`: oneself, or for an application anybody of the tenant. */
export function userOf(world: World, caller: Caller, who: string): User {
  const tenant = findTenant(world, caller.token.tid);
  const isNamed = (user: User) => {
    const identity = tenant && identityAt(user, { kind: "tenant", tenant });
    return [identity?.oid, identity?.upn, user.mail].some((name) => name?.toLowerCase() === who.toLowerCase());
  };
  if (caller.user !== undefined && (isNamed(caller.user) || caller.user.oid === who)) return caller.user;
  const found = everybody(world).find(isNamed);
  if (found === undefined)
    throw new GraphError(
      404,
      "Request_ResourceNotFound",
      `Resource '${who}' does not exist or one of its queried reference-property objects are not present.`,
    );
  if (caller.user !== undefined)
    throw new GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
  return found;
}

function everybody(world: World): User[] {
  const added = world.store.list<User>("user:").map(([, user]) => user);
  return [...PEOPLE.map((person) => findUser(world, person.name) ?? person), ...added];
}
