import { expect, test } from "vitest";
import { parseConfig } from "../../src/lib/config.ts";
import { configuredProviders, findProvider, registryOf, wrongVariable } from "../../src/providers/index.ts";
import { REGISTERED } from "./configured.ts";

const ACME = JSON.stringify([{ id: "acme", name: "Acme", issuer: "https://id.acme.example", client_id: "a" }]);

const usable = (variables: object) => configuredProviders(parseConfig({ ...REGISTERED, ...variables }));

test("every provider is known by its id, configured or not", () => {
  const config = parseConfig({ CUSTOM_PROVIDERS: ACME });
  expect(Object.entries(registryOf(config)).map(([id, { name }]) => [id, name])).toEqual([
    ["microsoft", "Microsoft 365"],
    ["google", "Google"],
    ["youtube", "YouTube"],
    ["notion", "Notion"],
    ["acme", "Acme"],
  ]);
  for (const id of ["google", "youtube", "notion", "constructor"]) expect(findProvider(config, id)).toBeUndefined();
  expect(findProvider(config, "acme")?.name).toBe("Acme");
});

test.each([
  ["GOOGLE_TOKEN_URL", "http://in.example", ["microsoft", "notion", "acme"]],
  ["GOOGLE_CLIENT_SECRET", " ", ["microsoft", "notion", "acme"]],
  ["GOOGLE_PUBLISHING_STATUS", "mars", ["microsoft", "notion", "acme"]],
  ["NOTION_API_URL", "mars", ["microsoft", "google", "youtube", "acme"]],
  ["MICROSOFT_CLOUD", "mars", ["google", "youtube", "notion", "acme"]],
  ["CUSTOM_PROVIDERS", "{}", ["microsoft", "google", "youtube", "notion"]],
  ["CUSTOM_PROVIDERS", ACME.replace("https", "http"), ["microsoft", "google", "youtube", "notion"]],
  ["WEBHOOKS", "mars", ["microsoft", "google", "youtube", "notion", "acme"]],
  ["MICROSOFT_OAUTH_TENANT_ID", "mars", ["microsoft", "google", "youtube", "notion", "acme"]],
])("a wrong %s (%s) leaves the others usable", (variable, value, left) => {
  expect(usable({ CUSTOM_PROVIDERS: ACME, [variable]: value })).toEqual(left);
});

test("a provider that cannot be used names the variable; one that nobody knows may stand in a list that cannot be read", () => {
  const config = parseConfig({ ...REGISTERED, GOOGLE_API_URL: "mars", CUSTOM_PROVIDERS: "[" });
  expect(wrongVariable(config, "youtube")).toBe("GOOGLE_API_URL");
  expect(wrongVariable(config, "acme")).toBe("CUSTOM_PROVIDERS");
  expect(wrongVariable(config, "notion")).toBeUndefined();
  expect(wrongVariable(parseConfig(REGISTERED), "constructor")).toBeUndefined();
});
