/** Branded identifiers. An id is opaque to callers; only this file knows how one is made. */
import * as z from "zod";
import { redactText } from "./log.ts";

/** The two isolated user populations. */
export const SYSTEMS = ["main", "beta"] as const;

/** `main` or `beta`. */
export type SystemName = (typeof SYSTEMS)[number];

/** A provider's name in paths and rows. Any text of that form may come from a path: the registry says whether it is one. */
export type ProviderId = string;

/** The form of a {@link ProviderId}. */
export const PROVIDER_ID = /^[a-z][a-z0-9-]{1,31}$/;

/** A connection's id, as seen in paths: `con_` and 24 characters. */
export const ConnectionId = z
  .string()
  .regex(/^con_[0-9a-z]{24}$/)
  .brand("ConnectionId");

/** A connection's id. */
export type ConnectionId = z.infer<typeof ConnectionId>;

/** The owner of grants: what a caller's token says of whose grants it means, within one system. */
export const Owner = z.string().min(1).max(255).brand("Owner");

/** The owner of grants. */
export type Owner = z.infer<typeof Owner>;

/** Whose trail tells of what belongs to no person: jobs, rotations of keys. No caller can be it. */
export const SYSTEM_OWNER = Owner.parse("@latchkey");

/** A fresh connection id. */
export function newConnectionId(): ConnectionId {
  return ConnectionId.parse(`con_${randomText(24)}`);
}

/** A mail account's id: `mac_` and 24 characters. */
export const MailAccountId = z
  .string()
  .regex(/^mac_[0-9a-z]{24}$/)
  .brand("MailAccountId");

/** A mail account's id. */
export type MailAccountId = z.infer<typeof MailAccountId>;

/** A fresh id of a mail account. */
export function newMailAccountId(): MailAccountId {
  return MailAccountId.parse(`mac_${randomText(24)}`);
}

/** A fresh id for one pending sign-in. */
export function newFlowId(): string {
  return randomText(24);
}

/** A fresh id of an audit record. */
export function newAuditId(): string {
  return `aud_${randomText(24)}`;
}

/** A fresh id of a consent record. */
export function newConsentId(): string {
  return `cns_${randomText(24)}`;
}

/** A fresh id of an event to the application; it stays the same over all tries to deliver it. */
export function newEventId(): string {
  return `evt_${randomText(24)}`;
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** `length` random characters of base 36: 5.17 bits each, from the platform's generator, without modulo bias. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 252 && text.length < length) text += ALPHABET.charAt(byte % 36);
    }
  }
  return text;
}

/** A caller's request id where it is harmless to log and echo, else a fresh one: what looks like a token would not be in the log. */
export function requestIdFrom(header: string | undefined): string {
  const harmless = header !== undefined && /^[\w.:-]{8,128}$/.test(header) && redactText(header) === header;
  return harmless ? header : crypto.randomUUID();
}
