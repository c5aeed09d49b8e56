import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeMailbox } from "../mail-api/mailboxes.ts";
import { problemOf } from "../routes/security.ts";
import { listen, sandbox } from "../support.ts";
import {
  ask,
  connectWith,
  forgetHeard,
  heard,
  integration,
  plan,
  resetSandbox,
  settings,
  somebody,
  trailOf,
} from "./manager.ts";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await resetSandbox();
});

const EXCHANGE = "https://outlook.office.com/";
const CALENDAR = "https://graph.microsoft.com/Calendars.Read";
const BOTH = { provider: "microsoft", features: ["calendar.read", "mail.imap"] };
const TOKEN_PATH = "/common/oauth2/v2.0/token";
const HOUR_MS = 3_600_000;

beforeEach(() => void listen());

type Who = ReturnType<typeof somebody>;

const reader = () => somebody({ scope: "tokens:read" });
const tokenAnswer = (who: Who, id: string, resource: string) =>
  ask(who, "GET", `/integrations/${id}/token?resource=${resource}`);

/** A grant of calendar and mail that holds a token for each. */
async function withBoth(who: Who): Promise<string> {
  const id = await connectWith(who, BOTH);
  for (const resource of ["graph", "outlook"]) expect((await tokenAnswer(who, id, resource)).status).toBe(200);
  await forgetHeard();
  return id;
}

/** Ends when the provider has been asked and keeps its answer back. */
async function isAsked(): Promise<void> {
  const left = async () => (await (await sandbox("GET", "faults")).json<{ faults: unknown[] }>()).faults;
  await expect.poll(left).toEqual([]);
}

async function refreshed(): Promise<(string | undefined)[]> {
  const sent = await heard("login.microsoftonline.com", TOKEN_PATH);
  return sent.map(({ form = {} }) => form["scope"]);
}

async function resourcesOf(who: Who, id: string): Promise<string[]> {
  const shown = (await integration(who, id)) as unknown as { resources: object };
  return Object.keys(shown.resources);
}

test("a refresh of mail that waits behind the calendar's is not sent when mail was disconnected meanwhile", async () => {
  const who = reader();
  const id = await withBoth(who);
  vi.useFakeTimers({ now: Date.now() + 2 * HOUR_MS, toFake: ["Date"] });
  await plan({ path: TOKEN_PATH, delay_ms: 1_500 });
  const calendar = tokenAnswer(who, id, "graph");
  const mail = tokenAnswer(who, id, "outlook");
  await isAsked();
  expect(await (await closeMailbox(who, "microsoft")).json()).toMatchObject({ kept_for: ["calendar.read"] });
  expect(await problemOf(await mail)).toMatchObject({
    status: 403,
    code: "scope_insufficient",
    missing_scopes: [`${EXCHANGE}IMAP.AccessAsUser.All`, `${EXCHANGE}SMTP.Send`],
  });
  await calendar;
  expect((await refreshed()).filter((scope) => !scope?.includes(CALENDAR))).toEqual([]);
  expect((await tokenAnswer(who, id, "graph")).status).toBe(200);
  expect(await resourcesOf(who, id)).toEqual(["graph"]);
});

test("refreshing everything leaves out what was disconnected while it waited", async () => {
  const who = reader();
  const id = await withBoth(who);
  await plan({ path: TOKEN_PATH, delay_ms: 1_500 });
  const refreshing = ask(who, "POST", `/integrations/${id}/refresh`);
  await isAsked();
  await (await closeMailbox(who, "microsoft")).body?.cancel();
  const answer = await refreshing;
  expect([answer.status, (await answer.json<{ scopes: string[] }>()).scopes]).toEqual([200, [CALENDAR]]);
  expect(await refreshed()).toHaveLength(1);
  expect(await problemOf(await tokenAnswer(who, id, "outlook"))).toMatchObject({ code: "scope_insufficient" });
});

test.each([
  ["Graph's", CALENDAR],
  ["nobody's", "openid profile offline_access"],
])("an answer of %s scopes is not kept as a token for mail, though its refresh token is", async (_, scope) => {
  const who = reader();
  await settings({ refresh_rotation: "family" });
  const id = await withBoth(who);
  vi.useFakeTimers({ now: Date.now() + 2 * HOUR_MS, toFake: ["Date"] });
  await settings({ extra_token_fields: { scope } });
  expect(await problemOf(await tokenAnswer(who, id, "outlook"))).toMatchObject({
    status: 403,
    code: "scope_insufficient",
  });
  await settings({ extra_token_fields: {} });
  expect(await integration(who, id)).toMatchObject({ status: "active", scopes: [CALENDAR] });
  expect(await resourcesOf(who, id)).toEqual(["graph"]);
  expect((await tokenAnswer(who, id, "graph")).status).toBe(200);
  await forgetHeard();
  expect(await problemOf(await tokenAnswer(who, id, "outlook"))).toMatchObject({ code: "scope_insufficient" });
  expect(await refreshed()).toEqual([]);
  const failed = (await trailOf(who, "refresh")).filter(({ outcome }) => outcome === "failed");
  expect(failed).toMatchObject([{ code: "scope_insufficient", connection: id, detail: { resource: "outlook" } }]);
});
