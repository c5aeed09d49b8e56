/** The applications that the operator registered at providers. No I/O. */
import type * as z from "zod";
import * as values from "./config-values.ts";
import { type Values, VARIABLES } from "./config-variables.ts";
import type { ProviderId } from "./ids.ts";
import type { Certificate } from "./pem.ts";

/** An application registered at a provider. Several secrets: the first is tried first. */
export interface Registration {
  readonly clientId: string;
  readonly clientSecrets: readonly string[];
  /** When the secret will be refused by its age, ms; undefined where the operator did not say. */
  readonly secretExpiresAt: number | undefined;
}

/** An app registration in Entra. It may prove itself by a certificate instead of a secret, or beside it. */
export interface ClientRegistration extends Registration {
  readonly certificate: Certificate | undefined;
  readonly tenant: string;
  readonly redirectUri: string | undefined;
}

/** The registration of a provider that knows nothing but an id and secrets; undefined where incomplete. */
export function registration(read: Values, prefix: "GOOGLE" | "NOTION"): Registration | undefined {
  const clientId = read[`${prefix}_CLIENT_ID`];
  const clientSecrets = read[`${prefix}_CLIENT_SECRET`];
  if (clientId === undefined || !clientSecrets) return undefined;
  return { clientId, clientSecrets, secretExpiresAt: read[`${prefix}_CLIENT_SECRET_EXPIRES_AT`] };
}

/** An app registration in Entra; undefined where incomplete. */
export function entraRegistration(
  read: Values,
  prefix: "MICROSOFT" | "MICROSOFT_OAUTH",
): ClientRegistration | undefined {
  const clientId = read[`${prefix}_CLIENT_ID`];
  const clientSecrets = read[`${prefix}_CLIENT_SECRET`] ?? [];
  const certificate = prefix === "MICROSOFT" ? read.MICROSOFT_CLIENT_CERTIFICATE : undefined;
  if (clientId === undefined || (clientSecrets.length === 0 && !certificate)) return undefined;
  return {
    clientId,
    clientSecrets,
    certificate,
    secretExpiresAt: prefix === "MICROSOFT" ? read.MICROSOFT_CLIENT_SECRET_EXPIRES_AT : undefined,
    // Mail's own application, too, is most often registered where the main one is.
    tenant: read[`${prefix}_TENANT_ID`] ?? read.MICROSOFT_TENANT_ID ?? "common",
    redirectUri: read[`${prefix}_REDIRECT_URI`],
  };
}

/** The registration that mail uses, undefined where incomplete, and whether it is mail's own: then the main one is none of it. */
export function mailRegistration(
  read: Values,
  env: Readonly<Record<string, unknown>>,
): { readonly mail: ClientRegistration | undefined; readonly mailIsOwn: boolean } {
  // What is set and cannot be read is mail's own as well: another application would ask in its place.
  const mailIsOwn = isSet(env["MICROSOFT_OAUTH_CLIENT_ID"]) || isSet(env["MICROSOFT_OAUTH_CLIENT_SECRET"]);
  if (mailIsOwn) return { mail: entraRegistration(read, "MICROSOFT_OAUTH"), mailIsOwn };
  const main = entraRegistration(read, "MICROSOFT");
  const { MICROSOFT_OAUTH_REDIRECT_URI: redirectUri, MICROSOFT_OAUTH_TENANT_ID: tenant } = read;
  // Mail comes back to a path of its own, never to the main one's.
  return { mail: main && { ...main, tenant: tenant ?? main.tenant, redirectUri }, mailIsOwn };
}

/** Registrations by the provider's id. */
export type Registrations = Readonly<Record<ProviderId, Registration>>;

const FURTHER = /^([A-Z][A-Z0-9_]{0,30}[A-Z0-9])_CLIENT_(?:ID|SECRET|SECRET_EXPIRES_AT)$/;

/** The id of the provider that a client's variable belongs to; undefined for every other variable. `MADE_UP_CLIENT_ID` is made-up's. */
export function furtherProvider(variable: string): ProviderId | undefined {
  if (Object.hasOwn(VARIABLES, variable)) return undefined;
  return FURTHER.exec(variable)?.[1]?.toLowerCase().replaceAll("_", "-");
}

/** The clients of providers that have no variables of their own in the table: `ACME_CLIENT_ID`, `ACME_CLIENT_SECRET`. */
export function furtherRegistrations(
  env: Readonly<Record<string, unknown>>,
  report: (variable: string, message: string) => void,
): Registrations {
  const set = Object.keys(env).filter((name) => furtherProvider(name) !== undefined && isSet(env[name]));
  const prefixes = new Set(set.map((name) => name.replace(/_CLIENT_.*$/, "")));
  const found = [...prefixes].flatMap((prefix): [ProviderId, Registration][] => {
    const read = <T extends z.ZodType>(name: string, schema: T): z.infer<T> | undefined => {
      const parsed = isSet(env[name]) ? schema.safeParse(env[name]) : undefined;
      if (parsed?.success === false) report(name, parsed.error.issues[0]?.message ?? "not valid");
      return parsed?.data;
    };
    const [id, secret] = [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`];
    const clientId = read(id, values.text);
    const secrets = read(secret, values.clientSecrets);
    const secretExpiresAt = read(`${secret}_EXPIRES_AT`, values.moment);
    if (!clientId) report(id, `expected the client id that belongs to ${secret}`);
    if (!secrets) report(secret, `expected the secret that belongs to ${id}`);
    if (!clientId || !secrets) return [];
    return [[furtherProvider(id) ?? "", { clientId, clientSecrets: secrets, secretExpiresAt }]];
  });
  return Object.fromEntries(found);
}

/** True for a variable that says something; an empty one counts as absent. */
export function isSet(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}
