import * as z from "zod";
import { PEOPLE } from "../defaults.ts";
import { findOrAddUser, findUser, type User } from "../entra/users.ts";
import { guidFrom } from "../ids.ts";
import type { World } from "../world.ts";
import { WORKSPACE_DOMAINS } from "./defaults.ts";

/** What the controls may change of a Google account. */
const changeSchema = z.strictObject({
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  picture: z.string().optional(),
  /** The Workspace domain; null for a consumer's account. */
  hd: z.string().nullable().optional(),
  /** Scopes that this person unticks. */
  denied_scopes: z.array(z.string()).optional(),
  /** The person's administrator blocks the application. */
  blocked_by_admin: z.boolean().optional(),
});

type Change = z.infer<typeof changeSchema>;

/** A Google account: the people of the other providers, under an id of their own. */
export interface GoogleAccount {
  name: string;
  sub: string;
  displayName: string;
  givenName: string;
  surname: string;
  email: string;
  emailVerified: boolean;
  picture: string;
  hd: string | null;
  deniedScopes: string[];
  blockedByAdmin: boolean;
  refusesConsent: boolean;
}

/** The account of this name; a new name becomes a consumer's account. */
export function findOrAddAccount(world: World, name: string): GoogleAccount {
  return accountOf(world, findOrAddUser(world, name, { kind: "common" }));
}

/** The account of this name. */
export function findAccount(world: World, name: string): GoogleAccount | undefined {
  const user = findUser(world, name);
  return user && accountOf(world, user);
}

/** The accounts that stand on the sign-in page. */
export function knownAccounts(world: World): GoogleAccount[] {
  return PEOPLE.flatMap(({ name }) => findAccount(world, name) ?? []);
}

/** Changes what may change of an account. Throws a ZodError when malformed. */
export function changeAccount(world: World, name: string, input: unknown): GoogleAccount {
  const change = { ...changesOf(world, name), ...changeSchema.parse(input) };
  world.store.put(changeKey(name), change);
  return findOrAddAccount(world, name);
}

function accountOf(world: World, user: User): GoogleAccount {
  const change = changesOf(world, user.name);
  return {
    name: user.name,
    sub: subOf(user.name),
    displayName: user.displayName,
    givenName: user.givenName,
    surname: user.surname,
    email: change.email ?? user.mail ?? user.upn,
    emailVerified: change.email_verified ?? true,
    picture: change.picture ?? `https://lh3.googleusercontent.com/a/${encodeURIComponent(user.name)}=s96-c`,
    hd: change.hd === undefined ? (WORKSPACE_DOMAINS[user.name] ?? null) : change.hd,
    deniedScopes: change.denied_scopes ?? [],
    blockedByAdmin: change.blocked_by_admin === true,
    refusesConsent: user.refusesConsent === true,
  };
}

// Real ones have 21 decimal digits, too many for a JavaScript number.
function subOf(name: string): string {
  const digits = BigInt(`0x${guidFrom(`google-sub:${name}`).replaceAll("-", "")}`).toString();
  return `1${digits.padStart(20, "0").slice(-20)}`;
}

function changesOf(world: World, name: string): Change {
  return world.store.get<Change>(changeKey(name)) ?? {};
}

function changeKey(name: string): string {
  return `google-account:${name}`;
}
