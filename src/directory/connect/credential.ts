/** What a tenant's application proves itself with: the organisation's own, sealed in its row, or the environment's. */
import * as z from "zod";
import type { Tenant } from "../../db/tenants.ts";
import type { Config } from "../../lib/config.ts";
import { failure } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import type { KeyRing } from "../../lib/key-ring.ts";
import type { Certificate } from "../../lib/pem.ts";
import { open, seal, type SealedPlace, sealingKeyId } from "../../lib/seal.ts";
import { namesNoTenant } from "./input.ts";

/** An application with what it proves itself by: the first that is not refused serves. */
export interface Application {
  readonly clientId: string;
  readonly secrets: readonly string[];
  readonly certificate: Certificate | undefined;
}

const Kept = z.union([
  z.strictObject({ secret: z.string().min(1) }),
  z.strictObject({ key: z.string().min(1), der: z.string().min(1) }),
]);

/** The row that a credential belongs to. */
type Whose = Pick<Tenant, "id" | "org">;

/** It opens in this row alone. */
function placeOf({ id, org }: Whose): SealedPlace {
  return { system: "directory", owner: org, connection: id, field: "credential" };
}

/** The columns that keep the credential of an application of the organisation's own. */
export async function sealCredential(
  ring: KeyRing,
  whose: Whose,
  { certificate, secrets: [secret] }: Application,
): Promise<{ readonly credential: string; readonly sealedWith: string | null }> {
  const credential = await seal(ring, placeOf(whose), JSON.stringify(Kept.parse(certificate ?? { secret })));
  return { credential, sealedWith: sealingKeyId(credential) ?? null };
}

/** The same columns, sealed with the ring's first key. Fails as `internal` where the key that sealed them is not on the ring. */
export async function resealCredential(ring: KeyRing, row: Tenant & { readonly credential: string }) {
  const plain = await open(ring, placeOf(row), row.credential);
  const credential = await seal(ring, placeOf(row), plain);
  return { credential, sealedWith: sealingKeyId(credential) ?? null };
}

/** The application of a row. Failures: `internal` where it cannot be opened, those of {@link environmentApplication}. */
export async function applicationOf(
  { config, ring }: { readonly config: Config; readonly ring: KeyRing },
  row: Tenant,
): Promise<Application> {
  if (row.credential === null) return environmentApplication(config, row.org);
  const kept = Kept.safeParse(parseJson(await open(ring, placeOf(row), row.credential))).data;
  if (!kept) throw failure("internal", "A stored value cannot be opened.", { reason: "tenant credential: not valid" });
  return "secret" in kept
    ? { clientId: row.clientId, secrets: [kept.secret], certificate: undefined }
    : { clientId: row.clientId, secrets: [], certificate: kept };
}

/**
 * The operator's application, with the tenant that it is for: the one organisation's that the operator names, so that
 * no other sees that tenant. Failures: `forbidden` for every other, `provider_misconfigured` where a variable is missing.
 */
export function environmentApplication(config: Config, org: string): Application & { readonly tenant: string } {
  const { microsoft, tenantOrg } = config;
  if (tenantOrg === undefined)
    throw misconfigured("MICROSOFT_TENANT_ORG", "No organisation may use the environment's application.");
  // Before anything is said of the registration: it is none of another's business.
  if (tenantOrg !== org)
    throw failure("forbidden", "The environment's application is another organisation's. Send your own in the body.");
  if (!microsoft) throw misconfigured("MICROSOFT_CLIENT_ID", "The environment names no application with a credential.");
  if (namesNoTenant(microsoft.tenant))
    throw misconfigured(
      "MICROSOFT_TENANT_ID",
      "The environment names no tenant: expected its ID or one of its domains.",
    );
  const { clientId, clientSecrets: secrets, certificate, tenant } = microsoft;
  return { clientId, secrets, certificate, tenant };
}

function misconfigured(variable: string, detail: string): Error {
  return failure("provider_misconfigured", detail, { reason: `config: ${variable}`, extra: { variable } });
}
