import * as z from "zod";
import type { World } from "../world.ts";
import { Directory, type Properties } from "./directory.ts";
import { fraction } from "./fraction.ts";
import { auditBody, auditId, DIRECTORY_AUDITS, type Audit } from "./logs-audits.ts";
import { signInBody, SIGN_INS } from "./logs-sign-ins.ts";
import { appendLog } from "./logs.ts";
import { generatedUser } from "./generated-users.ts";
import { countUp, type DirectoryTenant } from "./tenant.ts";
import { wrongField } from "./workload-changes-refusal.ts";

const at = z.iso.datetime().optional();

/** What `sign_in` takes: `error_code` is an AADSTS number, 0 for a success. */
export const signInSchema = z.strictObject({
  op: z.literal("sign_in"),
  user: z.guid(),
  error_code: z.number().int().nonnegative().default(0),
  at,
});
/** What `audit` takes: the name of an activity, and the id of a user or a group. */
export const auditSchema = z.strictObject({
  op: z.literal("audit"),
  activity: z.string().min(1).default("Update user"),
  target: z.guid().optional(),
  at,
});

/** Appends to the sign-ins, and answers the entry's id. Throws a ZodError when there is no such user. */
export function applySignIn(world: World, t: DirectoryTenant, change: z.output<typeof signInSchema>): { id: string } {
  const d = new Directory(world, t);
  const index = d.indexOf("user", change.user);
  if (index === undefined || !d.isLive("user", index)) throw wrongField("user", "no such user, or it is deleted");
  const found = d.object("user", index);
  const user = { id: found.id, displayName: found.displayName, userPrincipalName: String(found["userPrincipalName"]) };
  // Whole seconds, as this log writes its times.
  const ms = Math.floor(timeOf(world, change.at) / 1000) * 1000;
  const id = crypto.randomUUID();
  const body = signInBody(t, { id, at: ms, user, errorCode: change.error_code, luck: luckOf(world, t, "sign-in") });
  appendLog(world, t, SIGN_INS, { at: ms, body });
  return { id };
}

/** Appends to the directory audits, and answers the entry's id. Throws a ZodError when there is no such target. */
export function applyAudit(world: World, t: DirectoryTenant, change: z.output<typeof auditSchema>): { id: string } {
  const target = targetOf(world, t, change.target);
  const ms = timeOf(world, change.at);
  const number = 2 ** 31 + countUp(world, t, "audit-id");
  const id = auditId(t, { number, activity: change.activity });
  const luck = luckOf(world, t, "audit");
  appendLog(world, t, DIRECTORY_AUDITS, {
    at: ms,
    body: auditBody(t, { id, at: ms, activity: change.activity, target, luck }),
  });
  return { id };
}

/** A time that a control gave, in milliseconds, or now. */
export function timeOf(world: World, given: string | undefined): number {
  return given === undefined ? world.now() : Date.parse(given);
}

// Entries are told of the deleted too: that they went is what a log is for.
function targetOf(world: World, t: DirectoryTenant, id: string | undefined): Audit["target"] {
  if (id === undefined) return userTarget(generatedUser(t, 0));
  const d = new Directory(world, t);
  const user = d.indexOf("user", id);
  if (user !== undefined) return userTarget(d.object("user", user));
  const group = d.indexOf("group", id);
  if (group === undefined) throw wrongField("target", "no such user or group");
  return { id: id.toLowerCase(), displayName: d.object("group", group).displayName, type: "Group" };
}

function userTarget(user: Properties): Audit["target"] {
  const { id, displayName } = user;
  return { id, displayName, type: "User", userPrincipalName: String(user["userPrincipalName"]) };
}

function luckOf(world: World, t: DirectoryTenant, kind: string): (what: string) => number {
  const number = countUp(world, t, `luck-${kind}`);
  return (what) => fraction(t.seed, `appended-${kind}-${what}`, number);
}
