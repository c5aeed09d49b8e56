import * as z from "zod";
import type { User } from "../entra/users.ts";
import type { World } from "../world.ts";

/** A mail client's protocol. */
export type MailProtocol = "imap" | "smtp";

/** What the controls may change of how mail clients reach a mailbox; what is left out stays. */
const changeSchema = z.strictObject({
  /** False: the mailbox is there, and IMAP is switched off for it. */
  imap_enabled: z.boolean().optional(),
  /** False: SMTP AUTH is switched off in the tenant, as it is by default since 2020 (535 5.7.139). */
  smtp_auth_enabled: z.boolean().optional(),
  /** block: tokens are issued, and refused when a mail client shows them. */
  conditional_access: z.enum(["allow", "block"]).optional(),
  /** Addresses of others' mailboxes that the user may open. */
  shared: z.array(z.string()).optional(),
});

type Change = z.infer<typeof changeSchema>;

/** How mail clients reach a mailbox. */
export interface Mailbox {
  imap_enabled: boolean;
  smtp_auth_enabled: boolean;
  conditional_access: "allow" | "block";
  shared: string[];
}

/** How mail clients reach the mailbox of a user. Whoever has none has no protocol either. */
export function mailboxOf(world: World, { name, mailbox }: User): Mailbox {
  const change = world.store.get<Change>(accessKey(name)) ?? {};
  return {
    imap_enabled: mailbox && (change.imap_enabled ?? true),
    smtp_auth_enabled: mailbox && (change.smtp_auth_enabled ?? true),
    conditional_access: change.conditional_access ?? "allow",
    shared: change.shared ?? [],
  };
}

/** Why the mailbox's server refuses a good token; undefined where it does not. */
export function refusalOf(mailbox: Mailbox, protocol: MailProtocol): string | undefined {
  if (mailbox.conditional_access === "block") return "conditional_access";
  if (protocol === "imap") return mailbox.imap_enabled ? undefined : "imap_disabled";
  return mailbox.smtp_auth_enabled ? undefined : "smtp_auth_disabled";
}

/** Changes it. Throws a ZodError when malformed. */
export function changeMailbox(world: World, user: User, input: unknown): Mailbox {
  const known = world.store.get<Change>(accessKey(user.name)) ?? {};
  world.store.put(accessKey(user.name), { ...known, ...changeSchema.parse(input) });
  return mailboxOf(world, user);
}

function accessKey(name: string): string {
  return `mailbox-access:${name}`;
}
