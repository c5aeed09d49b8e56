import { afterEach, expect, test, vi } from "vitest";
import { problemOf } from "../routes/security.ts";
import { call } from "../support.ts";
import {
  ask,
  authorize,
  connectWith,
  finishAs,
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
  await resetSandbox();
});

const GRAPH = "https://graph.microsoft.com/";
const EXCHANGE = "https://outlook.office.com/";
const IMAP = `${EXCHANGE}IMAP.AccessAsUser.All`;
const BOTH = { scopes: [IMAP, `${GRAPH}User.Read`, `${EXCHANGE}SMTP.Send`, `${GRAPH}Calendars.Read`] };
const TOKEN_PATH = "/common/oauth2/v2.0/token";
const HOUR_MS = 3_600_000;

interface Token {
  readonly access_token: string;
  readonly scopes: readonly string[];
  readonly resource: string;
}

type Who = ReturnType<typeof somebody>;

const reader = () => somebody({ scope: "tokens:read" });
const tokenAnswer = (who: Who, id: string, resource: string) =>
  ask(who, "GET", `/integrations/${id}/token?resource=${resource}`);

async function tokenOf(who: Who, id: string, resource: string): Promise<Token> {
  const answer = await tokenAnswer(who, id, resource);
  if (answer.status !== 200) throw new Error(await answer.text());
  return answer.json();
}

/** `aud` of a work account's token. */
function audienceOf({ access_token: token }: Token): unknown {
  const [, payload = ""] = token.split(".");
  return (JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { aud?: unknown }).aud;
}

function later(ms: number): void {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
}

/** What the token endpoint was asked, by its scopes of resources. */
async function asked() {
  const sent = await heard("login.microsoftonline.com", TOKEN_PATH);
  return sent.map(({ form = {}, status }) => ({
    grant: form["grant_type"],
    scopes: (form["scope"] ?? "").split(" ").filter((scope) => scope.includes("://")),
    offline: (form["scope"] ?? "").split(" ").includes("offline_access"),
    refreshToken: form["refresh_token"],
    status,
  }));
}

test.each(["microsoft", "outlook"])(
  "one grant of %s serves Graph and mail, a token for each that is kept, never both in one request",
  async (provider) => {
    const who = reader();
    await forgetHeard();
    const id = await connectWith(who, { provider, ...BOTH });
    const tokens = [];
    for (const resource of ["graph", "outlook", "graph", "outlook"]) tokens.push(await tokenOf(who, id, resource));
    const [graph, mail] = tokens as [Token, Token];
    expect([graph, mail].map(audienceOf)).toEqual(["https://graph.microsoft.com", "https://outlook.office.com"]);
    expect(mail.scopes).toEqual([IMAP, `${EXCHANGE}SMTP.Send`]);
    expect(graph.scopes).toEqual([`${GRAPH}User.Read`, `${GRAPH}Calendars.Read`]);
    expect(tokens.slice(2)).toEqual([graph, mail]);
    const requests = await asked();
    expect(requests.map(({ grant, scopes, status }) => [grant, scopes, status])).toEqual([
      ["authorization_code", graph.scopes, 200],
      ["refresh_token", mail.scopes, 200],
    ]);
    expect(requests.every(({ offline }) => offline)).toBe(true);
    const shown = await integration(who, id);
    expect(shown.missing_scopes).toEqual([]);
    expect(shown.features).toEqual(expect.arrayContaining(["profile", "mail.imap", "mail.smtp"]));
  },
);

test("the code is redeemed for mail where nothing of Graph was asked for, at microsoft too", async () => {
  const who = reader();
  await forgetHeard();
  const id = await connectWith(who, { provider: "microsoft", features: ["mail.imap", "mail.smtp"] });
  expect((await asked()).map(({ scopes }) => scopes)).toEqual([[IMAP, `${EXCHANGE}SMTP.Send`]]);
  expect(audienceOf(await tokenOf(who, id, "outlook"))).toBe("https://outlook.office.com");
  expect(await problemOf(await tokenAnswer(who, id, "graph"))).toMatchObject({ code: "scope_insufficient" });
});

test("an API of which nothing was granted names what would open it", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "microsoft" });
  const refused = await problemOf(await tokenAnswer(who, id, "outlook"));
  expect(refused).toMatchObject({ code: "scope_insufficient", missing_scopes: [IMAP, `${EXCHANGE}SMTP.Send`] });
  await reconnect(who, String(refused["authorize_path"]));
  expect(audienceOf(await tokenOf(who, id, "outlook"))).toBe("https://outlook.office.com");
  expect(audienceOf(await tokenOf(who, id, "graph"))).toBe("https://graph.microsoft.com");
});

async function reconnect(who: Who, path: string, person = "ana"): Promise<void> {
  const started = await call(path, who, { method: "POST" });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  expect((await finishAs(who, new URL(url), person)).status).toBe(200);
}

test("the refresh token of the last answer is the next one's, whichever API it came with", async () => {
  const who = reader();
  await settings({ refresh_rotation: "family" });
  await forgetHeard();
  const id = await connectWith(who, { provider: "microsoft", ...BOTH });
  for (let round = 0; round < 2; round += 1) {
    for (const resource of ["outlook", "graph"]) await tokenOf(who, id, resource);
    later(2 * HOUR_MS);
  }
  // Where each use ends the one before, a token from anywhere but the last answer would have ended the grant.
  for (const resource of ["graph", "outlook"]) await tokenOf(who, id, resource);
  const shown = (await asked()).filter(({ grant }) => grant === "refresh_token");
  expect(shown.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(new Set(shown.map(({ refreshToken }) => refreshToken)).size).toBe(5);
});

/** Somebody who agreed to Graph alone, as the provider has it, though more was asked for here. */
async function halfConsented(person: string): Promise<{ who: Who; id: string }> {
  const who = reader();
  const url = await authorize(who, { provider: "microsoft", ...BOTH });
  const scopes = url.searchParams.get("scope")?.split(" ") ?? [];
  url.searchParams.set("scope", scopes.filter((scope) => !scope.startsWith(EXCHANGE)).join(" "));
  const answer = await finishAs(who, url, person);
  const { connection } = await answer.json<{ connection: { id: string } }>();
  return { who, id: connection.id };
}

test.each([
  ["half-work", "AADSTS65001"],
  ["pat", "AADSTS70000"],
])("for %s mail that was never agreed to (%s) is missing; the grant and Graph go on", async (person, code) => {
  const { who, id } = await halfConsented(person);
  const refused = await problemOf(await tokenAnswer(who, id, "outlook"));
  expect(refused).toMatchObject({
    status: 403,
    code: "scope_insufficient",
    reason: "consent_required",
    provider_code: code,
    missing_scopes: [IMAP, `${EXCHANGE}SMTP.Send`],
  });
  expect(await integration(who, id)).toMatchObject({
    status: "active",
    trouble: null,
    refreshable: true,
    scopes: [`${GRAPH}User.Read`, `${GRAPH}Calendars.Read`],
    missing_scopes: [IMAP, `${EXCHANGE}SMTP.Send`],
  });
  later(2 * HOUR_MS);
  expect((await tokenOf(who, id, "graph")).scopes).toEqual([`${GRAPH}User.Read`, `${GRAPH}Calendars.Read`]);
  // It is not asked for again and again.
  await forgetHeard();
  const again = await problemOf(await tokenAnswer(who, id, "outlook"));
  expect(again).toMatchObject({ code: "scope_insufficient", missing_scopes: [IMAP, `${EXCHANGE}SMTP.Send`] });
  expect(await asked()).toEqual([]);
  vi.useRealTimers();
  await reconnect(who, String(refused["authorize_path"]), person);
  expect((await tokenOf(who, id, "outlook")).scopes).toEqual([IMAP, `${EXCHANGE}SMTP.Send`]);
  const failed = (await trailOf(who, "refresh")).filter(({ outcome }) => outcome === "failed");
  expect(failed).toMatchObject([{ code: "scope_insufficient", connection: id, detail: { resource: "outlook" } }]);
});

test("where an administrator must agree to mail, that is said with the page to do it on, and Graph goes on", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "microsoft", ...BOTH });
  await plan({ path: TOKEN_PATH, entra_error: { error: "invalid_grant", code: 90094 } });
  const refused = await problemOf(await tokenAnswer(who, id, "outlook"));
  expect(refused).toMatchObject({ status: 409, code: "admin_consent_required", provider_code: "AADSTS90094" });
  expect(new URL(String(refused["admin_consent_url"])).searchParams.get("scope")).toBe(`${IMAP} ${EXCHANGE}SMTP.Send`);
  expect(refused["authorize_path"]).toContain("scopes=https%3A%2F%2Foutlook.office.com%2FIMAP");
  later(2 * HOUR_MS);
  expect((await tokenOf(who, id, "graph")).resource).toBe("graph");
});

test("when consent to all of it is gone, the grant waits for its user", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "microsoft", ...BOTH });
  const refusal = { error: "invalid_grant", code: 65001, suberror: "consent_required" };
  await plan({ path: TOKEN_PATH, entra_error: refusal, times: 2 });
  expect(await problemOf(await tokenAnswer(who, id, "outlook"))).toMatchObject({ code: "scope_insufficient" });
  later(2 * HOUR_MS);
  expect(await problemOf(await tokenAnswer(who, id, "graph"))).toMatchObject({
    code: "reauth_required",
    reason: "consent_required",
  });
});

test("refreshing everything refreshes what can be, though something cannot", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "microsoft", ...BOTH });
  const first = await tokenOf(who, id, "graph");
  await tokenOf(who, id, "outlook");
  const refusal = { error: "invalid_grant", code: 65001, suberror: "consent_required" };
  // The tokens are refreshed in the order in which they were got.
  await plan({ path: TOKEN_PATH, entra_error: refusal, skip: 1 });
  const answer = await ask(who, "POST", `/integrations/${id}/refresh`);
  expect(await problemOf(answer)).toMatchObject({ code: "scope_insufficient" });
  expect((await tokenOf(who, id, "graph")).access_token).not.toBe(first.access_token);
  expect((await ask(who, "POST", `/integrations/${id}/refresh`)).status).toBe(200);
});
