/** Variables with good and bad values: those of the providers. */
import type { Config } from "../../src/lib/config.ts";

/** A variable, a good value and what it is read as; values that are refused, and how the message helps. */
export interface Row {
  readonly variable: string;
  readonly good: string;
  /** What it is nothing without. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly read?: (config: Config) => unknown;
  readonly expected?: unknown;
  readonly bad?: readonly string[];
  readonly says?: RegExp;
}

const A_TIME = /a time such as 2027-03-01T00:00:00Z/;
/** How a message about a base URL helps. */
export const ABSOLUTE = /absolute URL such as https:/;
/** What is no base URL. */
export const NO_URLS = [
  "login.contoso",
  "ftp://login.example.com",
  "https://user@login.example.com",
  "https://:pw@example.com",
];

/** Every provider's variables. */
export const PROVIDER_ROWS: readonly Row[] = [
  { variable: "MICROSOFT_CLIENT_ID", good: "app-2", read: (config) => config.microsoft?.clientId, expected: "app-2" },
  {
    variable: "MICROSOFT_CLIENT_SECRET",
    good: "old-one, new-one",
    read: (config) => config.microsoft?.clientSecrets,
    expected: ["old-one", "new-one"],
    bad: [" , ,"],
    says: /expected .*secret/,
  },
  {
    variable: "MICROSOFT_CLIENT_CERTIFICATE",
    good: String.raw`-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----`,
    read: (config) => config.microsoft?.certificate?.der,
    expected: "BBBB",
    bad: ["AAAA", "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----"],
    says: /a CERTIFICATE and its key; .*openssl pkcs8/,
  },
  {
    variable: "MICROSOFT_CLIENT_SECRET_EXPIRES_AT",
    good: "2027-03-01T00:00:00+01:00",
    read: (config) => config.microsoft?.secretExpiresAt,
    expected: Date.parse("2027-02-28T23:00:00Z"),
    bad: ["tomorrow", "2027-13-01", "1803859200"],
    says: A_TIME,
  },
  {
    variable: "MICROSOFT_TENANT_ID",
    good: "contoso.example",
    read: (config) => config.microsoft?.tenant,
    expected: "contoso.example",
    bad: ["contoso", "a/../b.example", "7d1f0c2e-5b9a-4a1e-9b7e"],
    says: /common, organizations, consumers, a tenant's GUID or its domain/,
  },
  {
    variable: "MICROSOFT_TENANT_ORG",
    good: "contoso",
    read: (config) => config.tenantOrg,
    expected: "contoso",
  },
  {
    variable: "MICROSOFT_REDIRECT_URI",
    good: "https://old.example.com/callback",
    read: (config) => config.microsoft?.redirectUri,
    expected: "https://old.example.com/callback",
    bad: ["/callback"],
    says: ABSOLUTE,
  },
  {
    variable: "MICROSOFT_OAUTH_CLIENT_ID",
    good: "mail-app",
    beside: { MICROSOFT_OAUTH_CLIENT_SECRET: "mail-secret" },
    read: (config) => config.mail?.clientId,
    expected: "mail-app",
  },
  {
    variable: "MICROSOFT_OAUTH_CLIENT_SECRET",
    good: "mail-old, mail-new",
    beside: { MICROSOFT_OAUTH_CLIENT_ID: "mail-app" },
    read: (config) => config.mail?.clientSecrets,
    expected: ["mail-old", "mail-new"],
    bad: [",,,,,,"],
    says: /expected .*secret/,
  },
  {
    variable: "MICROSOFT_OAUTH_TENANT_ID",
    good: "consumers",
    read: (config) => [config.mail?.tenant, config.microsoft?.tenant],
    expected: ["consumers", "common"],
    bad: ["every-one"],
    says: /a tenant's GUID/,
  },
  {
    variable: "MICROSOFT_OAUTH_REDIRECT_URI",
    good: "https://a.example/cb",
    read: (config) => [config.mail?.redirectUri, config.microsoft?.redirectUri],
    expected: ["https://a.example/cb", undefined],
    bad: ["callback"],
    says: ABSOLUTE,
  },
  {
    variable: "MICROSOFT_CLOUD",
    good: "usgov",
    read: (config) => config.cloud,
    expected: "usgov",
    bad: ["germany"],
    says: /global, usgov, dod or china/,
  },
  {
    variable: "MICROSOFT_LOGIN_URL",
    good: "https://login.example.com//",
    read: (config) => config.loginUrl,
    expected: "https://login.example.com",
    bad: NO_URLS,
    says: ABSOLUTE,
  },
  {
    variable: "MICROSOFT_GRAPH_URL",
    good: "https://graph.example.com",
    read: (config) => config.graphUrl,
    expected: "https://graph.example.com",
    bad: NO_URLS,
    says: ABSOLUTE,
  },
  { variable: "GOOGLE_ACCOUNTS_URL", good: "https://accounts.example.com", bad: ["accounts"], says: ABSOLUTE },
  { variable: "GOOGLE_TOKEN_URL", good: "https://oauth2.example.com", bad: ["oauth2.example"], says: ABSOLUTE },
  { variable: "GOOGLE_API_URL", good: "https://www.example.com", bad: ["//www.example.com"], says: ABSOLUTE },
  { variable: "NOTION_API_URL", good: "https://notion.example.com", bad: ["notion.example"], says: ABSOLUTE },
  {
    variable: "GOOGLE_CLIENT_ID",
    good: "g",
    beside: { GOOGLE_CLIENT_SECRET: "s" },
    read: (config) => config.google,
    expected: { clientId: "g", clientSecrets: ["s"], secretExpiresAt: undefined },
  },
  {
    variable: "GOOGLE_CLIENT_SECRET",
    good: "g1, g2",
    beside: { GOOGLE_CLIENT_ID: "g" },
    read: (config) => config.google?.clientSecrets,
    expected: ["g1", "g2"],
    bad: [" , "],
    says: /expected .*secret/,
  },
  {
    variable: "GOOGLE_CLIENT_SECRET_EXPIRES_AT",
    good: "2027-03-01",
    beside: { GOOGLE_CLIENT_ID: "g", GOOGLE_CLIENT_SECRET: "s" },
    read: (config) => config.google?.secretExpiresAt,
    expected: Date.parse("2027-03-01T00:00:00Z"),
    bad: ["soon"],
    says: A_TIME,
  },
  {
    variable: "GOOGLE_PUBLISHING_STATUS",
    good: "testing",
    read: (config) => config.googleTesting,
    expected: true,
    bad: ["published", "Testing"],
    says: /testing or production/,
  },
  {
    variable: "NOTION_CLIENT_ID",
    good: "n",
    beside: { NOTION_CLIENT_SECRET: "s" },
    read: (config) => config.notion,
    expected: { clientId: "n", clientSecrets: ["s"], secretExpiresAt: undefined },
  },
  {
    variable: "NOTION_CLIENT_SECRET",
    good: "n1",
    beside: { NOTION_CLIENT_ID: "n" },
    read: (config) => config.notion?.clientSecrets,
    expected: ["n1"],
    bad: [","],
    says: /expected .*secret/,
  },
  {
    variable: "NOTION_CLIENT_SECRET_EXPIRES_AT",
    good: "2027-03-01T12:00:00Z",
    beside: { NOTION_CLIENT_ID: "n", NOTION_CLIENT_SECRET: "s" },
    read: (config) => config.notion?.secretExpiresAt,
    expected: Date.parse("2027-03-01T12:00:00Z"),
    bad: ["03/01/2027"],
    says: A_TIME,
  },
  {
    variable: "CUSTOM_PROVIDERS",
    good: '[{"id":"acme","name":"Acme","issuer":"https://id.acme.example","client_id":"c"}]',
    read: (config) => config.custom.map(({ id, issuer }) => [id, issuer]),
    expected: [["acme", "https://id.acme.example"]],
    bad: ["acme-provider", '[{"id":"acme","name":"Acme","client_id":"c"}]', '[{"id":"Acme!","name":"A"}]'],
    says: /JSON list of providers/,
  },
];
