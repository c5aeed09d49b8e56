import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { forecastOf } from "../../src/connections/forecast.ts";
import { openHouse, openSystem } from "../../src/system.ts";
import { keeperOf } from "../connections/keeper.ts";
import { ask, authorize, connectWith, finishAs, googleScope, integration } from "./manager.ts";
import { resetSandbox, settings, somebody } from "./manager.ts";

afterEach(async () => {
  vi.useRealTimers();
  await resetSandbox();
});

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

test.each([
  ["google", 180, "disuse"],
  ["microsoft", 90, "disuse"],
])("a grant of %s that nobody uses dies in %i days of %s", async (provider, days, reason) => {
  const who = somebody();
  const id = await connectWith(who, { provider });
  const { forecast } = await integration(who, id);
  expect(forecast).toMatchObject({ reason, causes: [{ reason, mend: "nobody" }] });
  expect(forecast.dies_at?.slice(0, 10)).toBe(inDays(days));
});

test("access that its user gave for a time ends then, and a refresh does not move that end", async () => {
  const who = somebody();
  await settings({ google_refresh_token_expires_in: 3 * 86_400 });
  const id = await connectWith(who, { provider: "google" });
  const { forecast } = await integration(who, id);
  expect(forecast).toMatchObject({ reason: "time_limited_access" });
  expect(forecast.dies_at?.slice(0, 10)).toBe(inDays(3));
  expect(forecast.causes.map(({ reason, mend }) => [reason, mend])).toEqual([
    ["time_limited_access", "user"],
    ["disuse", "nobody"],
  ]);
  await ask(who, "POST", `/integrations/${id}/refresh`);
  expect((await integration(who, id)).forecast.dies_at?.slice(0, 16)).toBe(forecast.dies_at?.slice(0, 16));
});

test("a scope is spelled as it was granted", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google", scopes: [googleScope("tasks")] });
  expect((await integration(who, id)).features).toEqual(["profile", "tasks.read"]);
});

/** The row of a new connection, and its provider as other variables have it. */
async function rowAndProvider(provider: string, variables: Record<string, string>) {
  const who = somebody();
  const id = await connectWith(who, { provider });
  const { rows } = openSystem(openHouse(env), "main");
  const row = (await rows.listOf(who.sub as never)).find((one) => one.id === id);
  if (!row) throw new Error("not stored");
  return { row, provider: openSystem(openHouse({ ...env, ...variables }), "main").provider(provider) };
}

test("a client secret that ends sooner than all else is the operator's to mend", async () => {
  const at = new Date(Date.now() + 20 * DAY_MS).toISOString();
  const { row, provider } = await rowAndProvider("google", { GOOGLE_CLIENT_SECRET_EXPIRES_AT: at });
  const forecast = forecastOf(row, provider);
  expect(forecast).toMatchObject({ reason: "client_secret_expires", dies_at: at });
  expect(forecast.causes.map(({ reason, mend }) => [reason, mend])).toEqual([
    ["client_secret_expires", "operator"],
    ["disuse", "nobody"],
  ]);
});

test("a Google application in testing loses its grants after seven days, which its operator can mend", async () => {
  const { row, provider } = await rowAndProvider("google", { GOOGLE_PUBLISHING_STATUS: "testing" });
  expect(provider.refreshTokens.lifetimeMs).toBe(7 * DAY_MS);
  const forecast = forecastOf({ ...row, grantExpiresAt: row.connectedAt + 7 * DAY_MS }, provider);
  expect(forecast).toMatchObject({ reason: "google_app_in_testing", causes: [{ mend: "operator" }, {}] });
});

test("a grant without a refresh token says that it has ended when it has, though nobody asks", async () => {
  const [first, who] = [somebody(), somebody()];
  await connectWith(first, { provider: "google" });
  const url = await authorize(who, { provider: "google" });
  url.searchParams.delete("prompt");
  const { connection } = await (await finishAs(who, url, "ana")).json<{ connection: { id: string } }>();
  const ends = Date.parse((await integration(who, connection.id)).forecast.dies_at ?? "");
  vi.useFakeTimers({ now: ends - 60_000, toFake: ["Date"] });
  await runDurableObjectAlarm(keeperOf(who.sub));
  expect(await integration(who, connection.id)).toMatchObject({ status: "active" });
  vi.setSystemTime(ends + 1_000);
  await runDurableObjectAlarm(keeperOf(who.sub));
  const shown = await integration(who, connection.id);
  expect(shown).toMatchObject({ status: "reauth_required", status_reason: "no_refresh_token" });
  expect(shown.trouble).toMatchObject({ mend: "user" });
});
