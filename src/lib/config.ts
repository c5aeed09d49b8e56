/**
 * The environment, parsed once. Nothing else reads it.
 *
 * A wrong value never throws: it becomes a {@link ConfigProblem}, so that the health route can still say which
 * variable is wrong. Routes that need what is missing answer `internal` or `provider_misconfigured`.
 */
import * as z from "zod";
import * as values from "./config-values.ts";
import type { LimitOverrides } from "./limits.ts";
import { LOG_LEVELS } from "./log.ts";

/** One variable that is missing or wrong. `scope`: what cannot work because of it. */
export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
  readonly scope: "core" | "microsoft" | "optional";
}

/** How callers prove who they are. */
export type CallerKeys =
  | { readonly kind: "secret"; readonly secret: Uint8Array }
  | { readonly kind: "jwks"; readonly url: string };

/** An application registered at a provider. Several secrets: the first is tried first. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecrets: readonly string[];
  readonly tenant: string;
  readonly redirectUri: string | undefined;
}

/** The parsed environment. */
export interface Config extends Settings {
  /** Undefined where neither JWT_SECRET_KEY nor JWT_JWKS_URL can be used. */
  readonly callerKeys: CallerKeys | undefined;
  /** The main app registration; undefined where incomplete. */
  readonly microsoft: ClientRegistration | undefined;
  /** The mail app registration; the main one where none is given. */
  readonly mail: ClientRegistration | undefined;
  readonly problems: readonly ConfigProblem[];
}

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
  MICROSOFT_TENANT_ID: { schema: values.entraTenant, aliases: ["MSTENANTID"] },
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
  GOOGLE_CLIENT_SECRET: { schema: values.text },
  NOTION_CLIENT_ID: { schema: values.text },
  NOTION_CLIENT_SECRET: { schema: values.text },
  CUSTOM_PROVIDERS: { schema: values.customProviders },
  RETURN_TO_ORIGINS: { schema: values.origins },
  RATE_LIMITS: { schema: values.limitOverrides },
  CORS_ORIGINS: { schema: values.originsOrAny },
  LOG_LEVEL: { schema: z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(", ")}`) },
} as const satisfies Record<string, { schema: z.ZodType; aliases?: readonly string[] }>;

type Variable = keyof typeof VARIABLES;
type Values = { readonly [Name in Variable]?: z.infer<(typeof VARIABLES)[Name]["schema"]> };

/** Values as they stand in the environment, with their defaults. */
interface Settings {
  readonly environment: "development" | "production";
  readonly publicUrl: string;
  readonly jwt: { readonly issuer: string | undefined; readonly audience: string | undefined };
  readonly ringKeys: readonly values.RingKeySource[];
  /** What an absent ring is derived from; kept beside a present one, so that what was sealed before it came still opens. */
  readonly derivationSecret: Uint8Array | undefined;
  readonly cloud: "global" | "usgov" | "dod" | "china";
  readonly loginUrl: string | undefined;
  readonly graphUrl: string | undefined;
  readonly returnToOrigins: readonly string[];
  readonly limits: LimitOverrides;
  readonly corsOrigins: readonly string[] | "*";
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

// A wrong mail registration must not stop the main one.
const MICROSOFT_VARIABLE = /^MICROSOFT_(?!OAUTH_)/;
const CORE = new Set<string>([
  "ENVIRONMENT",
  "PUBLIC_URL",
  "JWT_SECRET_KEY",
  "JWT_JWKS_URL",
  "TOKEN_ENCRYPTION_KEY",
  "JWT_ISSUER",
  "JWT_AUDIENCE",
]);

/** Reads the environment. Never throws: what is wrong stands in `problems`. */
export function parseConfig(env: Readonly<Record<string, unknown>>): Config {
  const problems: ConfigProblem[] = [];
  const report = (variable: string, message: string) => {
    // The first word on a variable says most; "missing" after "too short" would only confuse.
    if (problems.some((known) => known.variable === variable)) return;
    problems.push({ variable, message, scope: scopeOf(variable) });
  };
  const read = readAll(env, report);
  checkTogether(read, report);
  const main = registration(read, "MICROSOFT");
  return {
    ...settings(read),
    callerKeys: callerKeys(read),
    microsoft: main,
    mail: registration(read, "MICROSOFT_OAUTH") ?? main,
    problems,
  };
}

type Report = (variable: string, message: string) => void;

function scopeOf(variable: string): ConfigProblem["scope"] {
  if (CORE.has(variable)) return "core";
  return MICROSOFT_VARIABLE.test(variable) ? "microsoft" : "optional";
}

function readAll(env: Readonly<Record<string, unknown>>, report: Report): Values {
  const read: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(VARIABLES)) {
    const found = [name, ...("aliases" in spec ? spec.aliases : [])].find((key) => isSet(env[key]));
    if (found === undefined) continue;
    const parsed = spec.schema.safeParse(env[found]);
    if (parsed.success) read[name] = parsed.data;
    if (!parsed.success) report(name, parsed.error.issues[0]?.message ?? "not valid");
  }
  return read; // each value was parsed by the schema that Values is inferred from
}

function isSet(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function checkTogether(read: Values, report: Report): void {
  const environment = read.ENVIRONMENT ?? "production";
  if (!read.PUBLIC_URL && environment === "production") {
    report("PUBLIC_URL", "expected this Worker's origin, such as https://latchkey.example.com");
  }
  if (!read.JWT_SECRET_KEY && !read.JWT_JWKS_URL) {
    report("JWT_SECRET_KEY", "expected JWT_SECRET_KEY (32 bytes or more; openssl rand -base64 32) or JWT_JWKS_URL");
  }
  if (!read.TOKEN_ENCRYPTION_KEY && !read.JWT_SECRET_KEY) {
    report(
      "TOKEN_ENCRYPTION_KEY",
      "expected 32 bytes in base64 (openssl rand -base64 32), as there is no JWT_SECRET_KEY to derive from",
    );
  }
  for (const name of ["MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"] as const) {
    if (!read[name]) report(name, "expected the app registration's value (Entra admin centre, App registrations)");
  }
  for (const [name, value] of Object.entries(read)) {
    if (isUrlVariable(name) && typeof value === "string" && !values.mayUse(value, environment)) {
      report(name, "expected https; http is for ENVIRONMENT=development alone");
    }
  }
}

function isUrlVariable(name: string): boolean {
  return /_(URL|URI)$/.test(name);
}

function settings(read: Values): Settings {
  return {
    environment: read.ENVIRONMENT ?? "production",
    publicUrl: read.PUBLIC_URL ?? "http://localhost:8787",
    jwt: { issuer: read.JWT_ISSUER, audience: read.JWT_AUDIENCE },
    ringKeys: read.TOKEN_ENCRYPTION_KEY ?? [],
    derivationSecret: read.JWT_SECRET_KEY,
    cloud: read.MICROSOFT_CLOUD ?? "global",
    loginUrl: read.MICROSOFT_LOGIN_URL,
    graphUrl: read.MICROSOFT_GRAPH_URL,
    returnToOrigins: read.RETURN_TO_ORIGINS ?? [],
    limits: read.RATE_LIMITS ?? {},
    corsOrigins: read.CORS_ORIGINS ?? [],
    logLevel: read.LOG_LEVEL ?? "INFO",
  };
}

function callerKeys(read: Values): CallerKeys | undefined {
  if (read.JWT_JWKS_URL) return { kind: "jwks", url: read.JWT_JWKS_URL };
  return read.JWT_SECRET_KEY ? { kind: "secret", secret: read.JWT_SECRET_KEY } : undefined;
}

function registration(read: Values, prefix: "MICROSOFT" | "MICROSOFT_OAUTH"): ClientRegistration | undefined {
  const clientId = read[`${prefix}_CLIENT_ID`];
  const clientSecrets = read[`${prefix}_CLIENT_SECRET`];
  if (!clientId || !clientSecrets || clientSecrets.length === 0) return undefined;
  return {
    clientId,
    clientSecrets,
    tenant: read[`${prefix}_TENANT_ID`] ?? "common",
    redirectUri: read[`${prefix}_REDIRECT_URI`],
  };
}
