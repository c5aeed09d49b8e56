import { GOOGLE_MAIL_SCOPE } from "../defaults.ts";

/** What all scopes but a few begin with. */
export const SCOPE_PREFIX = "https://www.googleapis.com/auth/";

const ALIASES: Readonly<Record<string, string>> = {
  email: `${SCOPE_PREFIX}userinfo.email`,
  profile: `${SCOPE_PREFIX}userinfo.profile`,
};
const SHORT = new Map(Object.entries(ALIASES).map(([short, full]) => [full, short]));

const CALENDAR = [
  "calendar",
  "calendar.readonly",
  "calendar.events",
  "calendar.events.readonly",
  "calendar.events.owned",
  "calendar.events.owned.readonly",
  "calendar.events.public.readonly",
  "calendar.events.freebusy",
  "calendar.calendarlist",
  "calendar.calendarlist.readonly",
  "calendar.calendars",
  "calendar.calendars.readonly",
  "calendar.freebusy",
  "calendar.app.created",
  "calendar.settings.readonly",
  "calendar.acls",
  "calendar.acls.readonly",
];
const YOUTUBE = [
  "youtube",
  "youtube.readonly",
  "youtube.force-ssl",
  "youtube.upload",
  "youtubepartner",
  "yt-analytics.readonly",
  "yt-analytics-monetary.readonly",
];
const OTHERS = [
  "userinfo.email",
  "userinfo.profile",
  "contacts",
  "contacts.readonly",
  "tasks",
  "tasks.readonly",
  "drive",
  "drive.file",
  "drive.readonly",
  "gmail.send",
  "gmail.readonly",
  "gmail.modify",
];
const KNOWN = new Set([
  "openid",
  GOOGLE_MAIL_SCOPE,
  ...[...CALENDAR, ...YOUTUBE, ...OTHERS].map((name) => SCOPE_PREFIX + name),
]);

/** What an application asks for in `scope`: the scopes in their full form, and those that do not exist. */
export function readScopes(scope: string): { scopes: string[]; unknown: string[] } {
  const asked = scope.split(" ").filter(Boolean).map(fullScope);
  // Whoever asks for the address or the profile gets `openid` without asking.
  const openid = asked.some(isSignIn) ? ["openid"] : [];
  return {
    scopes: union(
      asked.filter((name) => KNOWN.has(name)),
      openid,
    ),
    unknown: asked.filter((name) => !KNOWN.has(name)),
  };
}

/** `email` and `profile` in the form that answers use; all others as they are. */
export function fullScope(name: string): string {
  return Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name;
}

/** Whether a scope belongs to signing in: those have no box to untick. */
export function isSignIn(scope: string): boolean {
  return scope === "openid" || SHORT.has(scope);
}

/** Whether a list of scopes, in full or without the prefix, holds this one. */
export function names(list: readonly string[], scope: string): boolean {
  return list.some((name) => fullScope(name) === scope || SCOPE_PREFIX + name === scope);
}

/** `scope` as token answers write it: not in the order in which it was asked for. */
export function scopeText(scopes: readonly string[]): string {
  return scopes.toSorted().join(" ");
}

/** `scope` as the callback writes it: the short names beside the full ones. */
export function callbackScope(scopes: readonly string[]): string {
  const short = scopes.flatMap((scope) => SHORT.get(scope) ?? []);
  return [...short.toSorted(), ...scopes.toSorted()].join(" ");
}

/** Both lists as one, without repetition. */
export function union(some: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...some, ...others])];
}
