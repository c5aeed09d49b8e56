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
    ["outlook", "Outlook mail"],
    ["google", "Google"],
    ["youtube", "YouTube"],
    ["notion", "Notion"],
    ["acme", "Acme"],
  ]);
  for (const id of ["google", "youtube", "notion", "constructor"]) expect(findProvider(config, id)).toBeUndefined();
  expect(findProvider(config, "acme")?.name).toBe("Acme");
});

test.each([
  ["GOOGLE_TOKEN_URL", "http://in.example", ["microsoft", "outlook", "notion", "acme"]],
  ["GOOGLE_CLIENT_SECRET", " ", ["microsoft", "outlook", "notion", "acme"]],
  ["GOOGLE_PUBLISHING_STATUS", "mars", ["microsoft", "outlook", "notion", "acme"]],
  ["NOTION_API_URL", "mars", ["microsoft", "outlook", "google", "youtube", "acme"]],
  ["MICROSOFT_CLOUD", "mars", ["google", "youtube", "notion", "acme"]],
  ["CUSTOM_PROVIDERS", "{}", ["microsoft", "outlook", "google", "youtube", "notion"]],
  ["CUSTOM_PROVIDERS", ACME.replace("https", "http"), ["microsoft", "outlook", "google", "youtube", "notion"]],
  ["WEBHOOKS", "mars", ["microsoft", "outlook", "google", "youtube", "notion", "acme"]],
  ["MICROSOFT_TENANT_ID", "mars", ["google", "youtube", "notion", "acme"]],
  ["MICROSOFT_OAUTH_TENANT_ID", "mars", ["microsoft", "google", "youtube", "notion", "acme"]],
])("a wrong %s (%s) leaves the others usable", (variable, value, left) => {
  expect(usable({ CUSTOM_PROVIDERS: ACME, [variable]: value })).toEqual(left);
});

const OWN_MAIL = { MICROSOFT_OAUTH_CLIENT_ID: "m-app", MICROSOFT_OAUTH_CLIENT_SECRET: "m-one" };

test.each([
  ["MICROSOFT_TENANT_ID", "mars", ["outlook"]],
  ["MICROSOFT_CLIENT_SECRET", " ", ["outlook"]],
  ["MICROSOFT_REDIRECT_URI", "mars", ["outlook"]],
  ["MICROSOFT_CLOUD", "mars", []],
  ["MICROSOFT_LOGIN_URL", "mars", []],
  ["MICROSOFT_OAUTH_CLIENT_SECRET", " ", ["microsoft"]],
  ["MICROSOFT_OAUTH_CLIENT_SECRET", ",", ["microsoft"]],
  ["MICROSOFT_OAUTH_REDIRECT_URI", "mars", ["microsoft"]],
])("where mail has a registration of its own, a wrong %s (%s) leaves %j", (variable, value, left) => {
  const found = usable({ ...OWN_MAIL, [variable]: value });
  expect(found).toEqual([...left, "google", "youtube", "notion"]);
});

test("a provider that cannot be used names the variable; one that nobody knows may stand in a list that cannot be read", () => {
  const config = parseConfig({ ...REGISTERED, GOOGLE_API_URL: "mars", CUSTOM_PROVIDERS: "[" });
  expect(wrongVariable(config, "youtube")).toBe("GOOGLE_API_URL");
  expect(wrongVariable(config, "acme")).toBe("CUSTOM_PROVIDERS");
  expect(wrongVariable(config, "notion")).toBeUndefined();
  expect(wrongVariable(parseConfig(REGISTERED), "constructor")).toBeUndefined();
});
