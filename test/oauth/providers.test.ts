import { expect, test } from "vitest";
import { call, callerToken, ORIGIN, workerWith } from "../support.ts";
import { BASES } from "../routes/security.ts";
import { MANAGER } from "./manager.ts";

interface Described {
  readonly id: string;
  readonly name: string;
  readonly configured: boolean;
  readonly scopes: readonly Readonly<Record<string, unknown>>[];
  readonly features: readonly Readonly<Record<string, unknown>>[];
  readonly resources: readonly string[];
  readonly refresh_tokens?: string;
}

const ACME = {
  id: "acme",
  name: "Acme",
  authorization_endpoint: "https://acme.example/authorize",
  token_endpoint: "https://acme.example/token",
  client_id: "latchkey",
  client_secret: "a-secret",
  scopes: [{ scope: "things.read", name: "Read things" }],
};

async function providersOf(variables: Record<string, unknown> = {}, base = "/api/v1"): Promise<Described[]> {
  const answer = await workerWith(variables)(new Request(`${ORIGIN}${base}/oauth/providers`));
  expect(answer.status).toBe(200);
  return (await answer.json<{ providers: Described[] }>()).providers;
}

test.each(BASES)("below %s everybody sees every provider, with what each scope unlocks", async (base) => {
  const answer = await call(`${base}/oauth/providers`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("public, max-age=60");
  const { providers } = await answer.json<{ providers: Described[] }>();
  expect(providers.map(({ id, configured }) => [id, configured])).toEqual([
    ["microsoft", true],
    ["outlook", true],
    ["google", true],
    ["youtube", true],
    ["notion", true],
  ]);
  const google = providers.find(({ id }) => id === "google");
  expect(google?.scopes).toContainEqual({
    scope: "https://www.googleapis.com/auth/calendar.readonly",
    name: "See all calendars",
    unlocks: ["calendar.read"],
    sensitivity: "sensitive",
    default: true,
  });
  expect(google?.scopes.find(({ scope }) => scope === "profile")).toMatchObject({ unlocks: ["profile"] });
  expect(google?.features.find(({ feature }) => feature === "mail.imap")).toEqual({
    feature: "mail.imap",
    unlocks: "Use the mailbox from a mail client",
    any_of: ["https://mail.google.com/"],
  });
  expect(providers.find(({ id }) => id === "youtube")).toMatchObject({
    proxy_limit: { quota: 60, window_s: 60 },
    quotas: expect.arrayContaining([
      expect.objectContaining({ of: "units", amount: 10_000, window_s: 86_400 }),
    ]) as unknown,
  });
  expect(providers.map(({ refresh_tokens: kind }) => kind)).toEqual(["renews", "renews", "keeps", "keeps", "rotates"]);
  expect(JSON.stringify(providers)).not.toContain("secret,");
});

test("a provider without its variables is listed as not configured, and so is one whose variables are wrong", async () => {
  const without = await providersOf({ NOTION_CLIENT_ID: "", NOTION_CLIENT_SECRET: "" });
  const notion = { id: "notion", name: "Notion", configured: false, scopes: [], features: [], resources: [] };
  expect(without.find(({ id }) => id === "notion")).toEqual(notion);
  const half = await providersOf({ GOOGLE_CLIENT_SECRET: "" });
  expect(half.filter(({ configured }) => !configured).map(({ id }) => id)).toEqual(["google", "youtube"]);
});

test("a provider that the operator described is listed last, without its secret", async () => {
  const providers = await providersOf({ CUSTOM_PROVIDERS: JSON.stringify([ACME]) }, "/api/v1/beta");
  expect(providers).toHaveLength(6);
  expect(providers[5]).toMatchObject({ id: "acme", name: "Acme", configured: true, resources: ["api"] });
  expect(providers[5]?.scopes).toContainEqual(expect.objectContaining({ scope: "things.read", name: "Read things" }));
  expect(JSON.stringify(providers)).not.toContain("a-secret");
});

test("when a client secret ends is an operator's business, and told to nobody else", async () => {
  const variables = { GOOGLE_CLIENT_SECRET_EXPIRES_AT: "2027-03-01T00:00:00Z" };
  expect(JSON.stringify(await providersOf(variables))).not.toContain("2027");
  const headers = { Authorization: `Bearer ${await callerToken({ sub: "secrets-end", roles: ["operator"] })}` };
  const answer = await workerWith(variables)(new Request(`${ORIGIN}${MANAGER}/status`, { headers }));
  const { system } = await answer.json<{
    system: { providers: { id: string; client_secret_expires_at: unknown }[] };
  }>();
  expect(system.providers).toContainEqual({ id: "google", client_secret_expires_at: "2027-03-01T00:00:00.000Z" });
  expect(system.providers).toContainEqual({ id: "notion", client_secret_expires_at: null });
});
