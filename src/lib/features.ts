/** The words for what an application wants to do, whatever a provider calls the scope for it. No I/O. */

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
  "mail.smtp": "Send mail from a mail client",
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
