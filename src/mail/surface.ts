/** The two doors to a mailbox: Microsoft's and Google's. No I/O. */
import { MAIL_PATH } from "../connections/reauth.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { failure } from "../lib/errors.ts";
import type { ProviderId } from "../lib/ids.ts";

/** One door. */
export interface MailSurface {
  readonly name: "microsoft" | "google";
  /** Whose servers its grants are for. */
  readonly servers: MailProvider;
  /** What a sign-in connects. */
  readonly connects: ProviderId;
}

const SURFACES: readonly MailSurface[] = [
  { name: "microsoft", servers: "outlook", connects: "outlook" },
  { name: "google", servers: "google", connects: "google" },
];

/** The door of that name. Fails as `not_found`. */
export function surfaceNamed(name: string | undefined): MailSurface {
  const surface = SURFACES.find((one) => one.name === name);
  if (surface) return surface;
  throw failure("not_found", "There is no mail sign-in of that name.");
}

/** The path that starts a sign-in for these servers; it takes a POST. */
export function mailAuthorizePath(servers: MailProvider): string {
  const name = SURFACES.find((one) => one.servers === servers)?.name ?? servers;
  return `${MAIL_PATH}/${name}/authorize`;
}
