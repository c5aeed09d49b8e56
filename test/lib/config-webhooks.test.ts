import { expect, test } from "vitest";
import { parseConfig } from "../../src/lib/config.ts";
import { UNREADABLE } from "../../src/lib/config-webhooks.ts";

const SECRET = `whsec_${btoa("x".repeat(24))}`;
const LONG = `whsec_${btoa("y".repeat(64))}`;

function read(hooks: unknown, environment = "production") {
  const WEBHOOKS = typeof hooks === "string" ? hooks : JSON.stringify(hooks);
  const { webhooks, problems } = parseConfig({ ENVIRONMENT: environment, WEBHOOKS });
  return { webhooks, problem: problems.find(({ variable }) => variable === "WEBHOOKS") };
}

test("endpoints are read with their keys; without an id they are named by host and path, never by their query", () => {
  const { webhooks, problem } = read([
    { url: "https://app.example.com/hooks?key=hidden", secrets: [SECRET, LONG] },
    { id: "crm", url: "https://crm.example.com", secrets: [SECRET], events: ["connection.revoked"] },
  ]);
  expect(problem).toBeUndefined();
  expect(webhooks.map(({ id, events }) => [id, events])).toEqual([
    ["app.example.com/hooks", undefined],
    ["crm", ["connection.revoked"]],
  ]);
  expect(webhooks[0]?.secrets.map((bytes) => new TextDecoder().decode(bytes))).toEqual([
    "x".repeat(24),
    "y".repeat(64),
  ]);
});

const hook = { url: "https://app.example.com", secrets: [SECRET] };

test.each([
  ["no JSON", "nonsense", "JSON list"],
  ["no list", hook, "JSON list"],
  ["no secret", [{ ...hook, secrets: [] }], "one secret, or two"],
  ["three secrets", [{ ...hook, secrets: [SECRET, LONG, SECRET] }], "one secret, or two"],
  ["a short secret", [{ ...hook, secrets: [`whsec_${btoa("x".repeat(23))}`] }], "24 to 64 bytes"],
  ["a long secret", [{ ...hook, secrets: [`whsec_${btoa("x".repeat(65))}`] }], "24 to 64 bytes"],
  ["a secret without its prefix", [{ ...hook, secrets: [btoa("x".repeat(24))] }], "24 to 64 bytes"],
  ["a secret that is not base64", [{ ...hook, secrets: [`${SECRET}!`] }], "24 to 64 bytes"],
  ["an unknown type", [{ ...hook, events: ["connection.sold"] }], "0.events.0"],
  ["an unknown field", [{ ...hook, secret: SECRET }], "secret"],
  ["another scheme", [{ ...hook, url: "ftp://app.example.com" }], "absolute URL"],
  ["a user name", [{ ...hook, url: "https://u:p@app.example.com" }], "without a user name"],
  ["the same endpoint twice", [hook, hook], "an id for each"],
  ["six endpoints", Array.from({ length: 6 }, (_, id) => ({ ...hook, id: `e${id}` })), "5 endpoints at most"],
  ["http", [{ ...hook, url: "http://app.example.com" }], "https"],
  ["a private address", [{ ...hook, url: "https://10.0.0.1/" }], "public host"],
  ["this machine", [hook, { ...hook, url: "https://localhost/" }], "1.url: expected a public host"],
])("%s is refused, and no secret is told", (_, hooks, words) => {
  const { webhooks, problem } = read(hooks);
  expect(webhooks).toEqual([UNREADABLE]);
  expect(problem).toMatchObject({ scope: "optional", message: expect.stringContaining(words) as string });
  expect(problem?.message).not.toContain(SECRET.slice(10));
});

test("in development http and private hosts may be told", () => {
  expect(read([{ ...hook, url: "http://127.0.0.1:8788/hooks" }], "development").webhooks).toHaveLength(1);
});
