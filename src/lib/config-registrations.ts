/** The applications that the operator registered at providers. No I/O. */
import type { Values } from "./config-variables.ts";
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
    tenant: read[`${prefix}_TENANT_ID`] ?? "common",
    redirectUri: read[`${prefix}_REDIRECT_URI`],
  };
}
