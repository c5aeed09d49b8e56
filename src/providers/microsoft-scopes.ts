/** Delegated permissions of Microsoft's that we know ("Microsoft Graph permissions reference"), least powerful first. */
import type { Feature } from "../lib/features.ts";
import type { Product, ScopeEntry } from "./provider.ts";

/** What the scopes of each resource begin with, which differs per cloud. */
export interface ScopePrefixes {
  readonly graph: string;
  readonly exchange: string;
}

/** Microsoft 365 in this cloud: all of Graph, and Exchange's mail protocols. */
export function microsoftProduct({ graph, exchange }: ScopePrefixes): Product {
  return {
    id: "microsoft",
    catalogue: [...prefixed(GRAPH_SCOPES, graph), ...prefixed(EXCHANGE_SCOPES, exchange)],
    features: { ...unlocked(GRAPH_FEATURES, graph), ...unlocked(EXCHANGE_FEATURES, exchange) },
  };
}

/** Outlook mail in this cloud: Exchange's mail protocols, and of Graph who the account belongs to. */
export function outlookProduct({ graph, exchange }: ScopePrefixes): Product {
  const profile = GRAPH_SCOPES.filter(({ scope }) => scope === "User.Read");
  return {
    id: "outlook",
    catalogue: [...prefixed(profile, graph), ...prefixed(EXCHANGE_SCOPES, exchange)],
    features: { ...unlocked({ profile: ["User.Read"] }, graph), ...unlocked(EXCHANGE_FEATURES, exchange) },
  };
}

function prefixed(entries: readonly ScopeEntry[], prefix: string): ScopeEntry[] {
  return entries.map((entry) => ({ ...entry, scope: prefix + entry.scope }));
}

function unlocked(features: Product["features"], prefix: string): Product["features"] {
  const entries = Object.entries(features).map(([feature, scopes]) => [feature, scopes.map((one) => prefix + one)]);
  return Object.fromEntries(entries) as Product["features"];
}

const GRAPH_SCOPES: readonly ScopeEntry[] = [
  { scope: "User.Read", name: "Sign in and read the user's profile", sensitivity: "basic" },
  { scope: "User.ReadBasic.All", name: "Read everybody's basic profile", sensitivity: "basic" },
  { scope: "Calendars.ReadBasic", name: "Read basic details of calendars", sensitivity: "sensitive" },
  { scope: "Calendars.Read", name: "Read the user's calendars", sensitivity: "sensitive" },
  { scope: "Calendars.Read.Shared", name: "Read calendars shared with the user", sensitivity: "sensitive" },
  { scope: "Calendars.ReadWrite", name: "Full access to the user's calendars", sensitivity: "sensitive" },
  { scope: "Calendars.ReadWrite.Shared", name: "Full access to shared calendars", sensitivity: "sensitive" },
  { scope: "Contacts.Read", name: "Read the user's contacts", sensitivity: "sensitive" },
  { scope: "Contacts.ReadWrite", name: "Full access to the user's contacts", sensitivity: "sensitive" },
  { scope: "Tasks.Read", name: "Read the user's tasks", sensitivity: "sensitive" },
  { scope: "Tasks.ReadWrite", name: "Full access to the user's tasks", sensitivity: "sensitive" },
  { scope: "Files.Read", name: "Read the user's files", sensitivity: "sensitive" },
  { scope: "Files.ReadWrite", name: "Full access to the user's files", sensitivity: "sensitive" },
  { scope: "Files.Read.All", name: "Read all files the user can open", sensitivity: "restricted" },
  { scope: "Files.ReadWrite.All", name: "Full access to all files the user can open", sensitivity: "restricted" },
  { scope: "OnlineMeetings.ReadWrite", name: "Read and create online meetings", sensitivity: "sensitive" },
  { scope: "Mail.ReadBasic", name: "Read basic details of mail", sensitivity: "restricted" },
  { scope: "Mail.Read", name: "Read the user's mail", sensitivity: "restricted" },
  { scope: "Mail.ReadWrite", name: "Full access to the user's mail", sensitivity: "restricted" },
  { scope: "Mail.Send", name: "Send mail as the user", sensitivity: "restricted" },
  { scope: "MailboxSettings.Read", name: "Read mailbox settings", sensitivity: "sensitive" },
  { scope: "User.Read.All", name: "Read everybody's full profile", sensitivity: "admin" },
  { scope: "Group.Read.All", name: "Read all groups", sensitivity: "admin" },
  { scope: "GroupMember.Read.All", name: "Read group memberships", sensitivity: "admin" },
  { scope: "Device.Read.All", name: "Read all devices", sensitivity: "admin" },
  { scope: "Directory.Read.All", name: "Read the directory", sensitivity: "admin" },
  { scope: "AuditLog.Read.All", name: "Read the audit logs", sensitivity: "admin" },
  { scope: "Directory.ReadWrite.All", name: "Change the directory", sensitivity: "admin" },
];

/** Exchange Online's. Graph lists the same names, which open no mailbox. */
const EXCHANGE_SCOPES: readonly ScopeEntry[] = [
  { scope: "SMTP.Send", name: "Send mail as the user by SMTP", sensitivity: "restricted" },
  { scope: "POP.AccessAsUser.All", name: "Use the user's mailbox by POP", sensitivity: "restricted" },
  { scope: "IMAP.AccessAsUser.All", name: "Use the user's mailbox by IMAP", sensitivity: "restricted" },
];

const EXCHANGE_FEATURES: Product["features"] = {
  "mail.imap": ["IMAP.AccessAsUser.All"],
  "mail.smtp": ["SMTP.Send"],
};

/** Feature → permissions any of which unlocks it. */
const GRAPH_FEATURES: Readonly<Partial<Record<Feature, readonly string[]>>> = {
  profile: ["User.Read"],
  // The Shared variants reach the user's own calendars too.
  "calendar.read": ["Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared"],
  "calendar.write": ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"],
  "contacts.read": ["Contacts.Read", "Contacts.ReadWrite"],
  "tasks.read": ["Tasks.Read", "Tasks.ReadWrite"],
  "files.read": ["Files.Read", "Files.ReadWrite", "Files.Read.All", "Files.ReadWrite.All"],
  "files.write": ["Files.ReadWrite", "Files.ReadWrite.All"],
  "mail.read": ["Mail.Read", "Mail.ReadWrite"],
  "mail.send": ["Mail.Send"],
  "directory.read": ["Directory.Read.All", "Directory.ReadWrite.All"],
};
