import type { GraphContext } from "../graph/caller.ts";
import { GraphError } from "../graph/errors.ts";
import type { Directory, ObjectKind } from "./directory.ts";
import { groupsOf } from "./edges.ts";
import { findObject } from "./find-object.ts";
import { generatedDeviceUser } from "./generated-devices.ts";
import { nextPage, placeOf, readListQuery, type ListQuery } from "./list-query.ts";
import { linked, shaped } from "./lists.ts";
import { requireReader } from "./permissions.ts";
import { readListSelect } from "./properties.ts";

/** `GET /users/{id}/manager`. Throws 404 for who has none. */
export function managerOf(d: Directory, c: GraphContext): Record<string, unknown> {
  const manager = d.manager(findObject(d, "user", c.req.param("id") ?? ""));
  if (manager !== undefined)
    return linked(d, "user", manager, readListSelect("user", c.req.query("$select") ?? null) ?? []);
  throw new GraphError(
    404,
    "Request_ResourceNotFound",
    "Resource 'manager' does not exist or one of its queried reference-property objects are not present.",
  );
}

/** `GET /users/{id}/memberOf`: the groups that a user is a direct member of. */
export function memberOf(d: Directory, c: GraphContext): Record<string, unknown> {
  const index = findObject(d, "user", c.req.param("id") ?? "");
  return linkPage(d, c, "group", groupsOf(d, "members", { type: "user", index }));
}

/** `GET /devices/{id}/registeredOwners`: whoever registered a device. */
export function registeredOwners(d: Directory, c: GraphContext): Record<string, unknown> {
  const index = findObject(d, "device", c.req.param("id") ?? "");
  const user = index < d.t.devices ? generatedDeviceUser(d.t, index) : undefined;
  return linkPage(d, c, "user", user === undefined || !d.isLive("user", user) ? [] : [user]);
}

/** `GET /directory/deletedItems/microsoft.graph.user` (or group): what can be restored still. */
export function deletedItems(d: Directory, c: GraphContext): Record<string, unknown> {
  const cast = c.req.param("cast") ?? "";
  const kind = (["user", "group"] as const).find((one) => cast.toLowerCase() === `microsoft.graph.${one}`);
  if (kind === undefined) throw new GraphError(400, "BadRequest", `Resource not found for the segment '${cast}'.`);
  requireReader(c.var.caller, kind);
  const select = readListSelect(kind, c.req.query("$select") ?? null);
  const query = readListQuery(c, { usual: d.world.settings().directory_page_size, most: 999 });
  const deleted = [...d.dead(kind)].flatMap(([index, { state }]) => (state === "deleted" ? [index] : []));
  const { page, link } = cut(d, kind, query, deleted);
  return {
    "@odata.context": `${query.url.origin}/v1.0/$metadata#${kind}s`,
    ...link,
    value: page.map((index) => shaped(d, kind, { index, object: d.object(kind, index), select })),
  };
}

function linkPage(d: Directory, c: GraphContext, kind: "user" | "group", indexes: number[]): Record<string, unknown> {
  const select = readListSelect(kind, c.req.query("$select") ?? null) ?? [];
  const query = readListQuery(c, { usual: d.world.settings().directory_page_size, most: 999 });
  const { page, link } = cut(d, kind, query, indexes);
  return {
    "@odata.context": `${query.url.origin}/v1.0/$metadata#directoryObjects`,
    ...link,
    value: page.map((index) => linked(d, kind, index, select)),
  };
}

function cut({ world, t }: Directory, kind: ObjectKind, { url, size }: ListQuery, indexes: number[]) {
  const context = { world, t, kind };
  const from = Number(placeOf(context, url));
  const more = indexes.length > from + size && { "@odata.nextLink": nextPage(context, url, from + size) };
  return { page: indexes.slice(from, from + size), link: more === false ? {} : more };
}
