/**
 * The environment, parsed once. Nothing else reads it.
 *
 * A wrong value never throws: it becomes a {@link ConfigProblem}, so that the health route can still say which
 * variable is wrong. Routes that need what is missing answer `internal` or `provider_misconfigured`.
 */
import { type CustomProvider, misplacedProvider } from "./config-custom.ts";
import type { ScopePolicy } from "./config-policy.ts";
import {
  type ClientRegistration,
  entraRegistration,
  furtherProvider,
  furtherRegistrations,
  isSet,
  mailRegistration,
  type Registration,
  registration,
  type Registrations,
} from "./config-registrations.ts";
import * as values from "./config-values.ts";
import { misplaced, UNREADABLE, type WebhookEndpoint } from "./config-webhooks.ts";
import { type Values, VARIABLES } from "./config-variables.ts";
import type { ProviderId } from "./ids.ts";
import type { LimitOverrides } from "./limits.ts";
import type { LOG_LEVELS } from "./log.ts";

export type { ClientRegistration } from "./config-registrations.ts";

/** One variable that is missing or wrong. `scope`: what cannot work because of it. */
export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
  readonly scope: ConfigScope;
}

/** What a variable is for: everything, one provider, or something that can be done without. */
export type ConfigScope =
  | "core"
  | "microsoft"
  | "mail"
  | "google"
  | "notion"
  | "custom"
  | "optional"
  | `client:${ProviderId}`;

/** How callers prove who they are. */
export type CallerKeys =
  | { readonly kind: "secret"; readonly secret: Uint8Array }
  | { readonly kind: "jwks"; readonly url: string };

/** The parsed environment. */
export interface Config extends Settings {
  /** Undefined where neither JWT_SECRET_KEY nor JWT_JWKS_URL can be used. */
  readonly callerKeys: CallerKeys | undefined;
  /** The main app registration; undefined where incomplete. */
  readonly microsoft: ClientRegistration | undefined;
  /** The mail app registration; the main one where none is given. Undefined where incomplete. */
  readonly mail: ClientRegistration | undefined;
  /** True where mail has a registration of its own. */
  readonly mailIsOwn: boolean;
  /** Google's client, YouTube's too; undefined where incomplete. */
  readonly google: Registration | undefined;
  readonly notion: Registration | undefined;
  /** Clients of further providers, from `<PROVIDER>_CLIENT_ID` and `<PROVIDER>_CLIENT_SECRET`. */
  readonly registrations: Registrations;
  readonly custom: readonly CustomProvider[];
  /** Who is told of events; {@link UNREADABLE} alone where that cannot be read. */
  readonly webhooks: readonly WebhookEndpoint[];
  readonly problems: readonly ConfigProblem[];
}

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
  /** The organisation that may connect the tenant of the main registration by it; undefined: none may. */
  readonly tenantOrg: string | undefined;
  readonly googleAccountsUrl: string | undefined;
  readonly googleTokenUrl: string | undefined;
  readonly googleApiUrl: string | undefined;
  /** True while Google's consent screen is in testing: grants die after seven days. */
  readonly googleTesting: boolean;
  readonly notionApiUrl: string | undefined;
  readonly scopePolicy: ScopePolicy;
  /** Written on each consent record. */
  readonly scopePolicyVersion: string;
  readonly auditRetentionDays: number;
  /** Share of proxied calls that are written to the audit trail. */
  readonly auditProxySample: number;
  readonly returnToOrigins: readonly string[];
  readonly limits: LimitOverrides;
  readonly corsOrigins: readonly string[] | "*";
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** Beginning of a variable's name → what cannot work while it is wrong. A wrong mail registration must not stop the main one. */
const SCOPES: readonly (readonly [RegExp, ConfigScope])[] = [
  [/^MICROSOFT_OAUTH_/, "mail"],
  [/^MICROSOFT_/, "microsoft"],
  [/^GOOGLE_/, "google"],
  [/^NOTION_/, "notion"],
  [/^CUSTOM_PROVIDERS$/, "custom"],
  // Without its policy an installation would hand out what its operator forbade.
  [/^SCOPE_POLICY/, "core"],
];
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
  return {
    ...settings(read),
    callerKeys: callerKeys(read),
    microsoft: entraRegistration(read, "MICROSOFT"),
    ...mailRegistration(read, env),
    google: registration(read, "GOOGLE"),
    notion: registration(read, "NOTION"),
    registrations: furtherRegistrations(env, report),
    custom: read.CUSTOM_PROVIDERS ?? [],
    webhooks: problems.some(({ variable }) => variable === "WEBHOOKS") ? [UNREADABLE] : (read.WEBHOOKS ?? []),
    problems,
  };
}

type Report = (variable: string, message: string) => void;

function scopeOf(variable: string): ConfigProblem["scope"] {
  if (CORE.has(variable)) return "core";
  const further = furtherProvider(variable);
  if (further !== undefined) return `client:${further}`;
  return SCOPES.find(([pattern]) => pattern.test(variable))?.[1] ?? "optional";
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
  checkRegistrations(read, report);
  const wrongHook = misplaced(read.WEBHOOKS ?? [], environment);
  if (wrongHook !== undefined) report("WEBHOOKS", wrongHook);
  const wrongProvider = misplacedProvider(read.CUSTOM_PROVIDERS ?? [], environment);
  if (wrongProvider !== undefined) report("CUSTOM_PROVIDERS", wrongProvider);
  for (const [name, value] of Object.entries(read)) {
    if (isUrlVariable(name) && typeof value === "string" && !values.mayUse(value, environment)) {
      report(name, "expected https; http is for ENVIRONMENT=development alone");
    }
  }
}

/** Each provider's id and secret go together. Microsoft's are expected; the others' only where one of them is set. */
function checkRegistrations(read: Values, report: Report): void {
  const secret = read.MICROSOFT_CLIENT_SECRET ?? read.MICROSOFT_CLIENT_CERTIFICATE;
  const where = "expected the app registration's value (Entra admin centre, App registrations)";
  if (!read.MICROSOFT_CLIENT_ID) report("MICROSOFT_CLIENT_ID", where);
  if (!secret) report("MICROSOFT_CLIENT_SECRET", where);
  for (const prefix of ["GOOGLE", "NOTION", "MICROSOFT_OAUTH"] as const) {
    const [id, own] = [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`] as const;
    if (read[id] && !read[own]) report(own, `expected the secret that belongs to ${id}`);
    if (read[own] && !read[id]) report(id, `expected the client id that belongs to ${own}`);
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
    tenantOrg: read.MICROSOFT_TENANT_ORG,
    googleAccountsUrl: read.GOOGLE_ACCOUNTS_URL,
    googleTokenUrl: read.GOOGLE_TOKEN_URL,
    googleApiUrl: read.GOOGLE_API_URL,
    googleTesting: read.GOOGLE_PUBLISHING_STATUS === "testing",
    notionApiUrl: read.NOTION_API_URL,
    scopePolicy: read.SCOPE_POLICY ?? {},
    scopePolicyVersion: read.SCOPE_POLICY_VERSION ?? "1",
    auditRetentionDays: read.AUDIT_RETENTION_DAYS ?? 400,
    auditProxySample: read.AUDIT_PROXY_SAMPLE ?? 1,
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
