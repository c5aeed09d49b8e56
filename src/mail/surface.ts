/** The two doors to a mailbox: Microsoft's and Google's. No I/O. */
import { MAIL_PATH } from "../connections/reauth.ts";
import type { Connection } from "../db/connections.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { Failure, failure } from "../lib/errors.ts";
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

/** What `act` gives. Where it fails and a sign-in mends that, the way to it leads through the door of the grant that is used. */
export async function atDoor<T>(servers: MailProvider, grant: Connection, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const path = error instanceof Failure ? error.extra.authorize_path : undefined;
    const isDoors = SURFACES.some(({ connects }) => connects === grant.provider);
    // A grant of Microsoft 365's that has the mailbox besides is mended where it was made.
    if (!(error instanceof Failure) || path === undefined || !isDoors) throw error;
    const query = new URLSearchParams({ connection: grant.id });
    const claims = new URL(path, "https://latchkey.invalid").searchParams.get("claims");
    if (claims !== null) query.set("claims", claims);
    const authorize_path = `${mailAuthorizePath(servers)}?${query.toString()}`;
    throw new Failure({ ...error.toData(), extra: { ...error.extra, authorize_path } });
  }
}
