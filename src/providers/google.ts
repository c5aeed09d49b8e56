/** Google: Calendar, Gmail, Drive, Contacts and Tasks of Google accounts and Workspaces. */
import type { Config } from "../lib/config.ts";
import { googleProduct, googleScope } from "./google-base.ts";
import type { Provider } from "./provider.ts";
import { readUserinfo } from "./read.ts";

/** Google as configured; undefined where no client is. */
export function google(config: Config): Provider | undefined {
  return googleProduct(config, ({ api, hosts }) => ({
    id: "google",
    name: "Google",
    catalogue: CATALOGUE,
    features: UNLOCKED_BY,
    scopes: [googleScope("calendar.readonly"), googleScope("calendar.events")],
    resources: {
      google: {
        scopePrefix: "",
        baseUrl: api,
        hosts: hosts("gmail.googleapis.com", "people.googleapis.com", "tasks.googleapis.com"),
      },
    },
    account: {
      url: "userinfo",
      resource: "google",
      headers: {},
      atConnect: false,
      read: readUserinfo,
    },
    // "Calendar API: manage quotas": 600 requests a minute and user by default.
    proxyLimit: { quota: 600, windowMs: 60_000 },
  }));
}

/** Least powerful first ("OAuth 2.0 Scopes for Google APIs"). */
const CATALOGUE: Provider["catalogue"] = [
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
];

const UNLOCKED_BY: Provider["features"] = {
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
};
