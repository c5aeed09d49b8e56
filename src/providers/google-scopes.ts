/** Scopes of Google's products, least powerful first ("OAuth 2.0 Scopes for Google APIs"). */
import type { Product } from "./provider.ts";

/** Google's scopes begin with this, but for the OpenID ones. */
const SCOPES = "https://www.googleapis.com/auth/";

/** `calendar.events` as Google writes it. */
export function googleScope(name: string): string {
  return SCOPES + name;
}

/** Calendar, Gmail, Drive, Contacts and Tasks. */
export const GOOGLE_PRODUCT: Product = {
  id: "google",
  catalogue: [
    { scope: googleScope("calendar.freebusy"), name: "See when the user is busy", sensitivity: "sensitive" },
    {
      scope: googleScope("calendar.calendarlist.readonly"),
      name: "See the list of calendars",
      sensitivity: "sensitive",
    },
    { scope: googleScope("calendar.events.readonly"), name: "See events of all calendars", sensitivity: "sensitive" },
    { scope: googleScope("calendar.readonly"), name: "See all calendars", sensitivity: "sensitive" },
    { scope: googleScope("calendar.events"), name: "See and change events", sensitivity: "sensitive" },
    {
      scope: googleScope("calendar.app.created"),
      name: "Calendars made by the application",
      sensitivity: "sensitive",
    },
    { scope: googleScope("calendar"), name: "See and change all calendars", sensitivity: "sensitive" },
    { scope: googleScope("contacts.readonly"), name: "See contacts", sensitivity: "sensitive" },
    { scope: googleScope("contacts"), name: "See and change contacts", sensitivity: "sensitive" },
    { scope: googleScope("tasks.readonly"), name: "See tasks", sensitivity: "sensitive" },
    { scope: googleScope("tasks"), name: "See and change tasks", sensitivity: "sensitive" },
    { scope: googleScope("drive.file"), name: "Files opened with the application", sensitivity: "sensitive" },
    { scope: googleScope("drive.readonly"), name: "See all files", sensitivity: "restricted" },
    { scope: googleScope("drive"), name: "See and change all files", sensitivity: "restricted" },
    { scope: googleScope("gmail.send"), name: "Send mail as the user", sensitivity: "sensitive" },
    { scope: googleScope("gmail.readonly"), name: "Read mail", sensitivity: "restricted" },
    { scope: googleScope("gmail.modify"), name: "Read, write and send mail", sensitivity: "restricted" },
    {
      scope: "https://mail.google.com/",
      name: "Full access to the mailbox, IMAP included",
      sensitivity: "restricted",
    },
  ],
  features: {
    profile: [],
    "calendar.read": ["calendar.readonly", "calendar"].map(googleScope),
    "calendar.write": ["calendar.events", "calendar"].map(googleScope),
    "contacts.read": ["contacts.readonly", "contacts"].map(googleScope),
    "tasks.read": ["tasks.readonly", "tasks"].map(googleScope),
    "files.read": ["drive.readonly", "drive"].map(googleScope),
    "files.write": ["drive.file", "drive"].map(googleScope),
    "mail.read": [googleScope("gmail.readonly"), googleScope("gmail.modify"), "https://mail.google.com/"],
    "mail.send": [googleScope("gmail.send"), googleScope("gmail.modify"), "https://mail.google.com/"],
    "mail.imap": ["https://mail.google.com/"],
    "mail.smtp": ["https://mail.google.com/"],
  },
};

/** YouTube Data API v3. */
export const YOUTUBE_PRODUCT: Product = {
  id: "youtube",
  catalogue: [
    { scope: googleScope("youtube.readonly"), name: "See the YouTube account", sensitivity: "sensitive" },
    { scope: googleScope("yt-analytics.readonly"), name: "See YouTube Analytics reports", sensitivity: "sensitive" },
    { scope: googleScope("youtube.upload"), name: "Upload videos", sensitivity: "sensitive" },
    {
      scope: googleScope("youtube.force-ssl"),
      name: "Manage videos, comments and captions",
      sensitivity: "sensitive",
    },
    { scope: googleScope("youtube"), name: "Manage the YouTube account", sensitivity: "sensitive" },
    {
      scope: googleScope("youtubepartner"),
      name: "Manage assets and content as a partner",
      sensitivity: "restricted",
    },
  ],
  features: {
    profile: [],
    "channel.read": ["youtube.readonly", "youtube", "youtube.force-ssl"].map(googleScope),
    "channel.write": ["youtube.force-ssl", "youtube"].map(googleScope),
    "video.upload": ["youtube.upload", "youtube", "youtube.force-ssl"].map(googleScope),
  },
};
