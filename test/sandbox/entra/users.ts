import * as z from "zod";
import { CONSUMERS_TENANT, CONTOSO_TENANT, PEOPLE, work, type Person } from "../defaults.ts";
import { guidFrom } from "../ids.ts";
import type { World } from "../world.ts";
import { invalidGrant } from "./errors.ts";
import type { Audience } from "./tenants.ts";

/** What the controls may change of a user. */
export const userChangeSchema = z.strictObject({
  mail: z.string().nullable().optional(),
  mailbox: z.boolean().optional(),
  refuses_consent: z.boolean().optional(),
  /** AADSTS50057 at the next refresh. */
  disabled: z.boolean().optional(),
  /** What Graph challenges the user's tokens with (JSON text), until one was issued for `claims`; null ends it. */
  claims_challenge: z.string().nullable().optional(),
  /** Challenges clients that did not declare cp1 too. The provider never does. */
  challenge_everyone: z.boolean().optional(),
});

/** A person and what happened to the account since. Times are in milliseconds. */
export interface User extends Person {
  tokensValidFrom?: number;
  accessTokensValidFrom?: number;
  disabled?: boolean;
  claimsChallenge?: string | null;
  challengeEveryone?: boolean;
}

/** How a user appears in one tenant. */
export interface Identity {
  tid: string;
  oid: string;
  upn: string;
}

/** The user of this name. */
export function findUser(world: World, name: string): User | undefined {
  return world.store.get<User>(`user:${name}`) ?? PEOPLE.find((person) => person.name === name);
}

/** The user of this name; a new name becomes a member of the tenant asked for, or of Contoso. */
export function findOrAddUser(world: World, name: string, audience: Audience): User {
  const known = findUser(world, name);
  if (known !== undefined) return known;
  const tenant = audience.kind === "tenant" ? audience.tenant : undefined;
  const domain = tenant?.domains[0] ?? (tenant === undefined ? "contoso.example" : "tenant.example");
  const address = `${name}@${domain}`;
  const more = { upn: address, mail: address, tid: tenant?.id ?? CONTOSO_TENANT };
  const user = work(name, name, "", guidFrom(`user:${name}`), more);
  world.store.put(`user:${name}`, user);
  return user;
}

const newUserSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(["work", "personal"]).default("work"),
  upn: z.string().optional(),
  mail: z.string().nullable().optional(),
  tid: z.guid().optional(),
  mailbox: z.boolean().default(true),
  /** Tenants that invited the user. */
  guest_in: z.array(z.guid()).default([]),
});

/** Adds a user, or replaces one. Throws a ZodError when malformed. */
export function addUser(world: World, input: unknown): User {
  const { name, kind, upn, mail, tid, mailbox, guest_in: invitedTo } = newUserSchema.parse(input);
  const home = kind === "personal" ? CONSUMERS_TENANT : (tid ?? CONTOSO_TENANT);
  const guestIn = Object.fromEntries(invitedTo.map((there) => [there, guidFrom(`guest:${name}:${there}`)]));
  const given = { ...(upn !== undefined && { upn, mail: upn }), ...(mail !== undefined && { mail }) };
  const user = work(name, name, "", guidFrom(`user:${name}`), { kind, tid: home, mailbox, guestIn, ...given });
  world.store.put(`user:${name}`, user);
  return user;
}

/** Changes what may change of a user. */
export function changeUser(world: World, name: string, change: z.infer<typeof userChangeSchema>): User {
  const user = findOrAddUser(world, name, { kind: "common" });
  const next: User = {
    ...user,
    ...(change.mail !== undefined && { mail: change.mail }),
    ...(change.mailbox !== undefined && { mailbox: change.mailbox }),
    ...(change.refuses_consent !== undefined && { refusesConsent: change.refuses_consent }),
    ...(change.disabled !== undefined && { disabled: change.disabled }),
    ...(change.claims_challenge !== undefined && { claimsChallenge: change.claims_challenge }),
    ...(change.challenge_everyone !== undefined && { challengeEveryone: change.challenge_everyone }),
  };
  world.store.put(`user:${name}`, next);
  return next;
}

/** Ends every session of a user: older refresh tokens die; access tokens live on unless `accessTokens` says so. */
export function revokeUser(world: World, name: string, accessTokens: boolean): User {
  const now = world.now();
  const user = findOrAddUser(world, name, { kind: "common" });
  const next = { ...user, tokensValidFrom: now, ...(accessTokens && { accessTokensValidFrom: now }) };
  world.store.put(`user:${name}`, next);
  return next;
}

/** How the user appears to an audience, or undefined when the user may not sign in there. */
export function identityAt(user: User, audience: Audience): Identity | undefined {
  const { tid, oid, upn, kind } = user;
  if (audience.kind === "common") return { tid, oid, upn };
  if (audience.kind !== "tenant")
    return (audience.kind === "consumers") === (kind === "personal") ? { tid, oid, upn } : undefined;
  const there = audience.tenant;
  if (there.id === tid) return { tid, oid, upn };
  const guestOid = user.guestIn?.[there.id];
  const domain = there.domains.find((name) => name.endsWith(".onmicrosoft.com")) ?? there.domains[0];
  if (guestOid === undefined) return undefined;
  return { tid: there.id, oid: guestOid, upn: `${upn.replace("@", "_")}#EXT#@${domain}` };
}

/** The user behind a grant. Throws what a refresh meets when the account is gone or disabled. */
export function activeUser(world: World, name: string): User {
  const user = findUser(world, name);
  if (user === undefined) throw invalidGrant(50034, "The user account does not exist in the directory.");
  if (user.disabled === true) throw invalidGrant(50057, "The user account is disabled.");
  return user;
}
