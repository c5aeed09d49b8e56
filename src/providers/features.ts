/** Features: what an application wants to do, whatever the provider calls the scope for it. */
import { equalScopes } from "./scopes.ts";
import type { Provider } from "./provider.ts";

/** Every feature, with what it lets an application do. */
export const FEATURES = {
  profile: "See who the account belongs to",
  "calendar.read": "See calendars and events",
  "calendar.write": "Create, change and delete events",
  "contacts.read": "See contacts",
  "files.read": "See files",
  "files.write": "Create, change and delete files",
  "mail.read": "Read mail",
  "mail.send": "Send mail",
  "mail.imap": "Use the mailbox from a mail client",
  "tasks.read": "See tasks",
  "directory.read": "See the organisation's users, groups and devices",
  "channel.read": "See the channel, its videos and playlists",
  "channel.write": "Change the channel, its videos and playlists",
  "video.upload": "Upload videos",
  "pages.read": "See the pages that were shared",
  "pages.write": "Change the pages that were shared",
} as const satisfies Record<string, string>;

/** A key of {@link FEATURES}. */
export type Feature = keyof typeof FEATURES;

/** True for the name of a feature. */
export function isFeature(name: string): name is Feature {
  return Object.hasOwn(FEATURES, name);
}

/** What to ask for so that a feature works: the least powerful scope, or none where it comes with every grant; undefined where the provider has no such feature. */
export function scopesFor(provider: Provider, feature: Feature): readonly string[] | undefined {
  return provider.features[feature]?.slice(0, 1);
}

/** True where these scopes unlock the feature. */
export function unlocks(provider: Provider, feature: Feature, scopes: readonly string[]): boolean {
  const any = provider.features[feature];
  if (any === undefined) return false;
  return any.length === 0 || any.some((wanted) => scopes.some((scope) => equalScopes(provider, scope, wanted)));
}

/** The features that a scope unlocks. */
export function unlockedBy(provider: Provider, scope: string): Feature[] {
  const entries = Object.entries(provider.features) as [Feature, readonly string[]][];
  return entries.filter(([, any]) => any.some((one) => equalScopes(provider, one, scope))).map(([feature]) => feature);
}
