/** When a credential will be refused by its age: a certificate says so itself, a secret's end stands in its registration. */
import { X509Certificate } from "node:crypto";
import * as z from "zod";
import type { Certificate } from "../../lib/pem.ts";
import { askGraph, type AskPorts } from "./ask.ts";
import type { Application } from "./credential.ts";

const Passwords = z.object({
  passwordCredentials: z
    .array(
      z
        .object({
          hint: z.string().nullish(),
          endDateTime: z.iso.datetime({ offset: true }).transform((at) => Date.parse(at)),
        })
        .nullable()
        .catch(null),
    )
    .nullish(),
});

/** The certificate's end, ms; undefined where it is none that can be read. */
export function certificateEnd({ der }: Pick<Certificate, "der">): number | undefined {
  try {
    const end = Date.parse(new X509Certificate(Uint8Array.from(atob(der), (char) => char.charCodeAt(0))).validTo);
    return Number.isNaN(end) ? undefined : end;
  } catch {
    return undefined;
  }
}

/**
 * When the application's credential ends, ms; undefined where nobody may know: the registration is another tenant's, or
 * the application may not read it (`Application.Read.All`). `now`: ms since the epoch.
 */
export async function credentialEnd(
  ports: AskPorts,
  application: Application,
  now: number,
): Promise<number | undefined> {
  const { certificate, clientId, secrets } = application;
  // Where there is a certificate it is shown first.
  if (certificate) return certificateEnd(certificate);
  const asked = await askGraph(ports, {
    path: `/applications(appId='${clientId}')`,
    query: { $select: "passwordCredentials,keyCredentials" },
    label: "application",
  });
  if (asked.kind !== "answered") return undefined;
  const known = Passwords.safeParse(asked.body).data?.passwordCredentials?.filter((one) => one !== null) ?? [];
  return secretEnd(known, secrets[0] ?? "", now);
}

/**
 * The end of the one registered secret that ours can be. Microsoft tells the first three characters alone, so several may
 * fit: then the earliest counts, because a warning too early costs less than one too late. One that has ended is not ours: it was taken.
 */
function secretEnd(
  known: readonly { readonly hint?: string | null | undefined; readonly endDateTime: number }[],
  secret: string,
  now: number,
): number | undefined {
  const fitting = known.filter(
    ({ hint, endDateTime }) => endDateTime > now && (hint ?? secret.slice(0, 3)) === secret.slice(0, 3),
  );
  return fitting.length === 0 ? undefined : Math.min(...fitting.map(({ endDateTime }) => endDateTime));
}
