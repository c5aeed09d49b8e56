/** What was copied of a tenant, read: lists, single objects, the logs, what has changed, and the figures (design, "Tenant directory"). */
import { Hono } from "hono";
import type { Listing } from "../directory/read/fields.ts";
import { LISTINGS } from "../directory/read/listings.ts";
import { GROUPS_OF_A_USER, MEMBERS } from "../directory/read/object-listings.ts";
import { parseChanges, parseInsights, parseObject } from "../directory/read/parse-others.ts";
import { parseList, type Taken } from "../directory/read/parse.ts";
import type { ListAsked, LogList, ObjectList, Question } from "../directory/read/question.ts";
import { unwrap } from "../lib/errors.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { answerPages, askCopy } from "./directory-pages.ts";
import { limited } from "./guards.ts";

/** The routes that read the copy, below `/v1/microsoft`. */
export function directoryLists() {
  const read = limited("tenant_directory", "directory_read");
  return new Hono<Hosted>({ strict: false })
    .get("/users", ...read, (c) => objects(c, "users"))
    .get("/users/:id", ...read, (c) => object(c, "users"))
    .get("/users/:id/groups", ...read, groupsOfUser)
    .get("/groups", ...read, (c) => objects(c, "groups"))
    .get("/groups/:id", ...read, (c) => object(c, "groups"))
    .get("/groups/:id/members", ...read, (c) => membersOf(c, "member"))
    .get("/groups/:id/owners", ...read, (c) => membersOf(c, "owner"))
    .get("/devices", ...read, (c) => objects(c, "devices"))
    .get("/devices/:id", ...read, (c) => object(c, "devices"))
    .get("/audit/sign-ins", ...read, (c) => log(c, "sign_ins"))
    .get("/audit/directory", ...read, (c) => log(c, "directory_audits"))
    .get("/audit/alerts", ...read, (c) => log(c, "alerts"))
    .get("/changes", ...read, changes)
    .get("/insights", ...read, insights);
}

function objects(c: HostedContext, list: ObjectList): Promise<Response> {
  return listed(c, { name: list, taken: { listing: LISTINGS[list], hasHistory: true } }, (asked) => ({
    ask: "objects",
    list,
    ...asked,
  }));
}

function groupsOfUser(c: HostedContext): Promise<Response> {
  const user = idOf(c);
  const taken = { listing: GROUPS_OF_A_USER, hasHistory: true, canNest: true };
  return listed(c, { name: "groups", taken }, (asked, transitive) => ({
    ask: "objects",
    list: "groups",
    memberOf: { user, transitive },
    ...asked,
  }));
}

function membersOf(c: HostedContext, role: "member" | "owner"): Promise<Response> {
  const group = idOf(c);
  const taken = { listing: MEMBERS, hasHistory: true, canNest: role === "member", sorts: ["name"] };
  return listed(c, { name: `${role}s`, taken }, (asked, transitive) => ({
    ask: "members",
    group,
    role,
    transitive,
    ...asked,
  }));
}

function log(c: HostedContext, list: LogList): Promise<Response> {
  const taken = { listing: LISTINGS[list], hasHistory: false, sorts: ["at"] };
  return listed(c, { name: list, taken }, (asked) => ({ ask: "log", list, ...asked }));
}

type ToQuestion = (asked: ListAsked, transitive: boolean) => Question;

function listed(
  c: HostedContext,
  { name, taken }: { readonly name: string; readonly taken: Taken },
  question: ToQuestion,
): Promise<Response> {
  const { asked, format, transitive, cursor } = parseList(c.req.queries(), taken);
  return answerPages(c, {
    name,
    format,
    cursor,
    fields: taken.listing.fields,
    names: asked.fields,
    question: (place) => question({ ...asked, ...place }, transitive),
  });
}

function changes(c: HostedContext): Promise<Response> {
  const { asked, format, cursor } = parseChanges(c.req.queries());
  return answerPages(c, {
    name: "changes",
    format,
    cursor,
    fields: {},
    names: ["at", "kind", "id", "name", "what", "changes"],
    question: (place) => ({ ask: "changes", ...asked, ...place }),
  });
}

async function object(c: HostedContext, list: ObjectList): Promise<Response> {
  const listing: Listing = LISTINGS[list];
  const question: Question = {
    ask: "object",
    list,
    id: idOf(c),
    now: Date.now(),
    ...parseObject(c.req.queries(), listing),
  };
  return one(c, question);
}

function insights(c: HostedContext): Promise<Response> {
  return one(c, { ask: "insights", now: Date.now(), ...parseInsights(c.req.queries()) });
}

async function one(c: HostedContext, question: Question): Promise<Response> {
  const { rows } = unwrap(await askCopy(c, question));
  return c.body(rows[0] ?? "{}", 200, { "Content-Type": "application/json" });
}

function idOf(c: HostedContext): string {
  return c.req.param("id") ?? "";
}
