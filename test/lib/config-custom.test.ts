import { expect, test } from "vitest";
import { parseConfig } from "../../src/lib/config.ts";

const SOUND = {
  PUBLIC_URL: "https://latchkey.example.com",
  JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
  MICROSOFT_CLIENT_ID: "app",
  MICROSOFT_CLIENT_SECRET: "app-secret",
};
const OWN = {
  id: "own",
  name: "Own",
  authorization_endpoint: "https://op.example/authorize",
  token_endpoint: "https://op.example/token",
  client_id: "app",
};

function problems(more: object, ENVIRONMENT = "production") {
  return parseConfig({ ...SOUND, ENVIRONMENT, CUSTOM_PROVIDERS: JSON.stringify([{ ...OWN, ...more }]) }).problems;
}

test.each([
  ["issuer", "https://10.1.2.3"],
  ["authorization_endpoint", "https://localhost/authorize"],
  ["token_endpoint", "http://op.example/token"],
  ["revocation_endpoint", "https://[::1]/revoke"],
  ["userinfo_endpoint", "https://op.corp.internal/me"],
  ["jwks_uri", "https://0x7f.1/keys"],
  ["api_base_url", "http://169.254.169.254"],
])("a custom provider's %s leads inside in development alone", (name, address) => {
  expect(problems({})).toEqual([]);
  expect(problems({ [name]: address }, "development")).toEqual([]);
  const [problem] = problems({ [name]: address });
  expect(problem).toMatchObject({ variable: "CUSTOM_PROVIDERS", scope: "custom" });
  expect(JSON.stringify(problem)).toContain(`own.${name}: expected a public https address`);
});
