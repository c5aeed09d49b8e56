import { expect, test } from "vitest";
import { apiOf, type WantedApi } from "../../src/connections/lend.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { Provider } from "../../src/providers/provider.ts";

/** A custom provider with the given API. */
function custom(api: Record<string, unknown>): Provider {
  const own = { id: "acme", name: "Acme", client_id: "x", client_authentication: "none", ...ENDPOINTS, ...api };
  const provider = findProvider(parseConfig({ CUSTOM_PROVIDERS: JSON.stringify([own]) }), "acme");
  if (!provider) throw new Error("not configured");
  return provider;
}

const ENDPOINTS = { authorization_endpoint: "https://acme.test/authorize", token_endpoint: "https://acme.test/token" };

const apiFor = (provider: Provider, wanted: Partial<WantedApi> = {}) =>
  apiOf(provider, { resource: undefined, host: undefined, anywhere: false, ...wanted });

test("a custom provider's API is where its api_base_url says", () => {
  const acme = custom({ api_base_url: "https://api.acme.test/rest/v2/" });
  expect(apiFor(acme)).toBe("https://api.acme.test/rest/v2");
  expect(apiFor(acme, { resource: "api", host: "API.acme.test" })).toBe("https://api.acme.test/rest/v2");
});

test("a custom provider without an api_base_url says that it has none", () => {
  expect(() => apiFor(custom({}))).toThrow(/api_base_url in CUSTOM_PROVIDERS is not set/);
  expect(() => apiFor(custom({}))).toThrow(expect.objectContaining({ code: "validation_failed" }));
});

test.each([
  "http://api.acme.test",
  "https://localhost",
  "https://127.0.0.1/x",
  "https://10.1.2.3",
  "https://169.254.169.254/latest",
  "https://[::1]",
  "https://[::ffff:10.0.0.1]",
  "https://2130706433",
  "https://metadata.google.internal",
])("%s is not called outside of development", (url) => {
  const acme = custom({ api_base_url: url });
  expect(() => apiFor(acme)).toThrow(expect.objectContaining({ code: "provider_misconfigured" }));
  expect(apiFor(acme, { anywhere: true })).toBe(url);
});

test("a name that stands in no list of the provider's is refused", () => {
  const acme = custom({ api_base_url: "https://api.acme.test" });
  for (const name of [
    "graph",
    "",
    "__proto__",
    "constructor",
    "acme.test",
    "api.acme.test.evil.test",
    "api.acme.test:444",
  ]) {
    expect(() => apiFor(acme, { resource: name })).toThrow(/^resource: expected one of api$/);
    expect(() => apiFor(acme, { host: name })).toThrow(/^host: expected one of api\.acme\.test$/);
  }
});

test("Exchange's mail protocols are no API that a call could be passed on to; Graph beside them is", () => {
  const variables = { MICROSOFT_CLIENT_ID: "app", MICROSOFT_CLIENT_SECRET: "s" };
  for (const id of ["microsoft", "outlook"]) {
    const provider = findProvider(parseConfig(variables), id);
    if (!provider) throw new Error("not configured");
    expect(() => apiFor(provider, { resource: "outlook" })).toThrow(/not spoken to over HTTP: expected one of graph$/);
    expect(apiFor(provider, { resource: "graph" })).toBe("https://graph.microsoft.com");
  }
});
