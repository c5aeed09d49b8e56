/** Every variable that is read, with its other names and how it is read. */
import * as z from "zod";
import { customProviders } from "./config-custom.ts";
import { scopePolicy } from "./config-policy.ts";
import * as values from "./config-values.ts";
import { webhooks } from "./config-webhooks.ts";
import { LOG_LEVELS } from "./log.ts";
import { pemCertificate } from "./pem.ts";

/** Every variable that is read, with its other names. */
export const VARIABLES = {
  ENVIRONMENT: { schema: z.enum(["development", "production"], "expected development or production") },
  PUBLIC_URL: { schema: values.baseUrl },
  JWT_SECRET_KEY: { schema: values.sharedSecret, aliases: ["SECRET_KEY"] },
  JWT_JWKS_URL: { schema: values.baseUrl },
  JWT_ISSUER: { schema: values.text },
  JWT_AUDIENCE: { schema: values.text },
  TOKEN_ENCRYPTION_KEY: { schema: values.keyRing, aliases: ["CREDENTIAL_ENCRYPTION_KEY"] },
  MICROSOFT_CLIENT_ID: { schema: values.text, aliases: ["MSCLIENTID"] },
  MICROSOFT_CLIENT_SECRET: { schema: values.clientSecrets, aliases: ["MSCLIENTSECRET"] },
  MICROSOFT_CLIENT_CERTIFICATE: { schema: pemCertificate },
  MICROSOFT_CLIENT_SECRET_EXPIRES_AT: { schema: values.moment },
  MICROSOFT_TENANT_ID: { schema: values.entraTenant, aliases: ["MSTENANTID"] },
  MICROSOFT_TENANT_ORG: { schema: values.text },
  MICROSOFT_REDIRECT_URI: { schema: values.baseUrl, aliases: ["REDIRECT_URI"] },
  MICROSOFT_OAUTH_CLIENT_ID: { schema: values.text },
  MICROSOFT_OAUTH_CLIENT_SECRET: { schema: values.clientSecrets },
  MICROSOFT_OAUTH_TENANT_ID: { schema: values.entraTenant },
  MICROSOFT_OAUTH_REDIRECT_URI: { schema: values.baseUrl },
  MICROSOFT_CLOUD: {
    schema: z.enum(["global", "usgov", "dod", "china"], "expected global, usgov, dod or china"),
  },
  MICROSOFT_LOGIN_URL: { schema: values.baseUrl },
  MICROSOFT_GRAPH_URL: { schema: values.baseUrl },
  GOOGLE_ACCOUNTS_URL: { schema: values.baseUrl },
  GOOGLE_TOKEN_URL: { schema: values.baseUrl },
  GOOGLE_API_URL: { schema: values.baseUrl },
  NOTION_API_URL: { schema: values.baseUrl },
  GOOGLE_CLIENT_ID: { schema: values.text },
  GOOGLE_CLIENT_SECRET: { schema: values.clientSecrets },
  GOOGLE_CLIENT_SECRET_EXPIRES_AT: { schema: values.moment },
  GOOGLE_PUBLISHING_STATUS: { schema: z.enum(["testing", "production"], "expected testing or production") },
  NOTION_CLIENT_ID: { schema: values.text },
  NOTION_CLIENT_SECRET: { schema: values.clientSecrets },
  NOTION_CLIENT_SECRET_EXPIRES_AT: { schema: values.moment },
  CUSTOM_PROVIDERS: { schema: customProviders },
  SCOPE_POLICY: { schema: scopePolicy },
  SCOPE_POLICY_VERSION: { schema: values.text },
  AUDIT_RETENTION_DAYS: { schema: values.days },
  AUDIT_PROXY_SAMPLE: { schema: values.share },
  RETURN_TO_ORIGINS: { schema: values.origins },
  WEBHOOKS: { schema: webhooks },
  RATE_LIMITS: { schema: values.limitOverrides },
  CORS_ORIGINS: { schema: values.originsOrAny },
  LOG_LEVEL: { schema: z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(", ")}`) },
} as const satisfies Record<string, { schema: z.ZodType; aliases?: readonly string[] }>;

/** The name of a variable. */
export type Variable = keyof typeof VARIABLES;
/** What was read, each variable by its schema. */
export type Values = { readonly [Name in Variable]?: z.infer<(typeof VARIABLES)[Name]["schema"]> };
