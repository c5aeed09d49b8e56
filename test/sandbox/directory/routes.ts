import { Hono } from "hono";
import type { GraphContext, GraphEnv } from "../graph/caller.ts";
import { GraphError } from "../graph/errors.ts";
import type { World } from "../world.ts";
import { delta } from "./delta.ts";
import { Directory, type ObjectKind } from "./directory.ts";
import { deletedItems, managerOf, memberOf, registeredOwners } from "./link-answers.ts";
import { isEventual, readListQuery, readManagerExpand } from "./list-query.ts";
import { countObjects, listObjects, shaped } from "./lists.ts";
import { countMembers, listMembers, type MemberList } from "./members.ts";
import { directoryOrganization } from "./organization.ts";
import { mayReadHidden, requireReader, requireSignInActivity } from "./permissions.ts";
import { findObject } from "./find-object.ts";
import { readListSelect } from "./properties.ts";
import { findDirectory } from "./tenant.ts";

/** Answers a request about a tenant that the control made. */
type Answer = (d: Directory, c: GraphContext) => Record<string, unknown> | Response;

/** Users, groups and devices below `/v1.0`. Requests of other tenants, and of signed-in people, go on to others. */
export function directoryRoutes(world: World): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>();
  const get = (path: string, kind: ObjectKind | undefined, answer: Answer) =>
    app.get(path, async (c, next) => {
      const { token, user } = c.var.caller;
      const t = user === undefined ? findDirectory(world, token.tid) : undefined;
      if (t === undefined) return next();
      if (kind !== undefined) requireReader(c.var.caller, kind);
      const body = answer(new Directory(world, t), c);
      return body instanceof Response ? body : c.json(body);
    });
  get("/organization", undefined, (d, c) => directoryOrganization(d.t, c.var.caller, new URL(c.req.url)));
  for (const [path, kind] of KINDS) {
    get(`/${path}/delta`, kind, (d, c) => changes(d, kind, c));
    get(`/${path}/$count`, kind, (d, c) => counted(d, kind, c));
    get(`/${path}`, kind, (d, c) => listed(d, kind, c));
    get(`/${path}/:id`, kind, (d, c) => one(d, kind, c));
  }
  get("/users/:id/manager", "user", managerOf);
  get("/users/:id/memberOf", "group", memberOf);
  get("/devices/:id/registeredOwners", "device", registeredOwners);
  get("/directory/deletedItems/:cast", undefined, deletedItems);
  for (const relation of ["members", "owners", "transitiveMembers"] as const) {
    get(`/groups/:id/${relation}/$count`, "group", (d, c) => countMembers(d, c, memberList(d, c, relation)));
    get(`/groups/:id/${relation}/:cast?`, "group", (d, c) => listMembers(d, c, memberList(d, c, relation)));
  }
  return app;
}

function changes(d: Directory, kind: ObjectKind, c: GraphContext): Response {
  const minimal = /\breturn\s*=\s*minimal\b/i.test(c.req.header("prefer") ?? "");
  const body = delta({ d, kind, url: new URL(c.req.url), minimal, hidden: mayReadHidden(c.var.caller) });
  if (minimal) c.header("Preference-Applied", "return=minimal");
  return c.json(body);
}

function listed(d: Directory, kind: ObjectKind, c: GraphContext): Record<string, unknown> {
  const select = readListSelect(kind, c.req.query("$select") ?? null);
  const { directory_page_size: usual, sign_in_activity_top: narrow } = d.world.settings();
  const activity = select?.includes("signInActivity") === true;
  const query = readListQuery(c, { usual, most: activity ? narrow : 999 });
  if (activity || query.filter?.signIn === true) requireSignInActivity(c.var.caller, d.t);
  if (query.expandManager !== undefined && kind !== "user")
    throw new GraphError(400, "BadRequest", "Parsing OData Select and Expand failed: there is no 'manager' to expand.");
  return listObjects(d, kind, { query, select });
}

function counted(d: Directory, kind: ObjectKind, c: GraphContext): Response {
  if (!isEventual(c)) throw new GraphError(400, "Request_BadRequest", "$count is not currently supported.");
  const url = new URL(c.req.url);
  url.searchParams.set("$count", "true");
  return c.text(String(countObjects(d, kind, readListQuery(c, { usual: 1, most: 999 }))));
}

function one(d: Directory, kind: ObjectKind, c: GraphContext): Record<string, unknown> {
  const index = findObject(d, kind, c.req.param("id") ?? "");
  const select = readListSelect(kind, c.req.query("$select") ?? null);
  const expandText = c.req.query("$expand");
  const expand = expandText === undefined || kind !== "user" ? undefined : readManagerExpand(expandText);
  if (select?.includes("signInActivity") === true) requireSignInActivity(c.var.caller, d.t);
  const names = select === undefined ? "" : `(${select.join(",")})`;
  const context = `${new URL(c.req.url).origin}/v1.0/$metadata#${kind}s${names}/$entity`;
  return { "@odata.context": context, ...shaped(d, kind, { index, object: d.object(kind, index), select, expand }) };
}

function memberList(d: Directory, c: GraphContext, relation: MemberList["relation"]): MemberList {
  return { group: findObject(d, "group", c.req.param("id") ?? ""), relation, cast: c.req.param("cast") };
}

const KINDS = [
  ["users", "user"],
  ["groups", "group"],
  ["devices", "device"],
] as const satisfies [string, ObjectKind][];
