import { expect, test } from "vitest";
import { parseConfig } from "../../src/lib/config.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { Provider } from "../../src/providers/provider.ts";

const TENANT = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";

function microsoft(variables: Record<string, string> = {}): Provider {
  const client = { MICROSOFT_CLIENT_ID: "app", MICROSOFT_CLIENT_SECRET: "one,two" };
  const provider = findProvider(parseConfig({ ...client, ...variables }), "microsoft");
  if (!provider) throw new Error("Microsoft is configured");
  return provider;
}

test.each([
  ["global", "https://login.microsoftonline.com", "https://graph.microsoft.com"],
  ["usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us"],
  ["dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"],
  ["china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"],
])("the %s cloud signs in at %s and asks for scopes of %s", (cloud, login, graph) => {
  expect(microsoft({ MICROSOFT_CLOUD: cloud })).toMatchObject({
    endpoints: {
      authorization: `${login}/common/oauth2/v2.0/authorize`,
      token: `${login}/common/oauth2/v2.0/token`,
    },
    discovery: { urls: [`${login}/common/v2.0/.well-known/openid-configuration`] },
    scopes: [`${graph}/User.Read`, `${graph}/Calendars.ReadWrite`],
    resources: { graph: { baseUrl: graph, scopePrefix: `${graph}/` } },
  });
});

test("another base URL moves the requests and not the scopes, which name the resource", () => {
  const provider = microsoft({
    ENVIRONMENT: "development",
    MICROSOFT_LOGIN_URL: "http://localhost:8788",
    MICROSOFT_GRAPH_URL: "http://localhost:8788/graph",
  });
  expect(provider.endpoints.token).toBe("http://localhost:8788/common/oauth2/v2.0/token");
  expect(provider.resources["graph"]).toEqual({
    baseUrl: "http://localhost:8788/graph",
    scopePrefix: "https://graph.microsoft.com/",
  });
});

test("two client secrets are kept in their order", () => {
  expect(microsoft().client).toEqual({
    id: "app",
    credentials: [
      { method: "post", secret: "one" },
      { method: "post", secret: "two" },
    ],
    expiresAt: undefined,
  });
});

test.each([
  ["common", "organizations"],
  ["consumers", "organizations"],
  ["organizations", "organizations"],
  [TENANT, TENANT],
])("with the tenant %s an administrator consents at %s", (tenant, at) => {
  const { adminConsentUrl } = microsoft({ MICROSOFT_TENANT_ID: tenant });
  expect(adminConsentUrl).toBe(`https://login.microsoftonline.com/${at}/v2.0/adminconsent`);
});

test("an account is its tenant and object id, never an address that can change hands", () => {
  const claims = { tid: TENANT, oid: "o-1", sub: "s-1", name: "Ana", email: "ana@a.example" };
  const { identity } = microsoft();
  if (identity.kind !== "id_token") throw new Error("Entra says it in the id_token");
  const { identify } = identity;
  expect(identify(claims)).toEqual({ account: `${TENANT}:o-1`, name: "Ana", address: "ana@a.example", tenant: TENANT });
  expect(identify({ ...claims, email: "new@a.example", sub: "s-2" })?.account).toBe(`${TENANT}:o-1`);
  expect(identify({ ...claims, email: undefined, preferred_username: "ana@upn.example" })?.address).toBe(
    "ana@upn.example",
  );
  expect(identify({ ...claims, oid: undefined })).toBeUndefined();
  expect(identify({ ...claims, tid: "contoso" })).toBeUndefined();
});

test("a client without a secret is not configured", () => {
  expect(findProvider(parseConfig({ MICROSOFT_CLIENT_ID: "app" }), "microsoft")).toBeUndefined();
});
