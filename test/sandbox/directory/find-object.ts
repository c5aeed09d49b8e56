import { GraphError } from "../graph/errors.ts";
import type { Directory, ObjectKind } from "./directory.ts";
import { overlays } from "./tenant.ts";

/** The index of a living object by its id, of a user by the userPrincipalName too. Throws 404 when there is none. */
export function findObject(d: Directory, kind: ObjectKind, name: string): number {
  const index = d.indexOf(kind, name) ?? (kind === "user" ? byPrincipalName(d, name.toLowerCase()) : undefined);
  if (index !== undefined && d.isLive(kind, index)) return index;
  const text = `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`;
  throw new GraphError(404, "Request_ResourceNotFound", text);
}

// A generated name carries its index; all others stand among the changes.
function byPrincipalName(d: Directory, name: string): number | undefined {
  const is = (index: number) => String(d.object("user", index)["userPrincipalName"]).toLowerCase() === name;
  const generated = Number(/(\d+)[@_]/.exec(name)?.[1] ?? Number.NaN);
  if (generated < d.total("user") && is(generated)) return generated;
  return overlays<unknown>(d.world, d.t, "user")
    .map(([key]) => Number(key))
    .find((index) => d.isLive("user", index) && is(index));
}
