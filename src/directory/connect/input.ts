/** What connects a tenant: the body of a set-up, checked. No I/O. */
import * as z from "zod";
import { pemCertificate, type Certificate } from "../../lib/pem.ts";

/** A tenant or an application by its id. */
export const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Labels of letters, digits and inner hyphens; the last one is no number. What has any other character could lead elsewhere. */
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** The tenant of all personal accounts ("Microsoft identity platform: endpoints"). */
const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";

/** Names that stand for many tenants. */
export function namesNoTenant(tenant: string): boolean {
  return ["common", "organizations", "consumers", CONSUMERS].includes(tenant.toLowerCase());
}

const tenantId = z
  .string("expected the tenant's ID (a GUID) or one of its domains")
  .trim()
  .refine((name) => !namesNoTenant(name), {
    error: "expected one tenant: its ID or one of its domains",
    abort: true,
  })
  .refine((name) => GUID.test(name) || DOMAIN.test(name), "expected the tenant's ID (a GUID) or one of its domains");

const clientId = z
  .string("expected the application's (client) ID")
  .trim()
  .regex(GUID, "expected the application's (client) ID: a GUID, from its overview in the Entra admin centre");

const Body = z
  .strictObject({
    tenant_id: tenantId.optional(),
    client_id: clientId.optional(),
    client_secret: z
      .string("expected the secret's value")
      .trim()
      .min(1, "expected the secret's value")
      .max(1_000)
      .optional(),
    certificate: pemCertificate.optional(),
  })
  .superRefine((body, context) => {
    if (Object.values(body).every((value) => value === undefined)) return;
    const need = (name: keyof typeof body, message: string) =>
      body[name] === undefined && context.addIssue({ code: "custom", path: [name], message });
    need("tenant_id", "expected the tenant's ID (a GUID) or one of its domains");
    need("client_id", "expected the application's (client) ID");
    if (body.certificate === undefined) need("client_secret", "expected the secret's value, or a certificate");
    else if (body.client_secret !== undefined)
      context.addIssue({
        code: "custom",
        path: ["certificate"],
        message: "expected a secret or a certificate, not both",
      });
  });

/** An application of the organisation's own. `tenant`: a GUID or a domain. */
export interface OwnApplication {
  readonly source: "body";
  readonly tenant: string;
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly certificate: Certificate | undefined;
}

/** What proves itself at the tenant: what the body says, or what the operator's variables hold. */
export type Applicant = OwnApplication | { readonly source: "environment" };

/** The body of a set-up; empty: the environment's application. */
export const SetupBody = Body.transform(
  ({ tenant_id: tenant, client_id: id, client_secret: secret, certificate }): Applicant =>
    tenant === undefined || id === undefined
      ? { source: "environment" }
      : { source: "body", tenant: tenant.toLowerCase(), clientId: id.toLowerCase(), secret, certificate },
);
