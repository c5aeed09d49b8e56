import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sleep } from "../connections/keeper.ts";
import { problemOf } from "../routes/security.ts";
import { call, listen, send } from "../support.ts";
import { authorize, connectWith, finishAs, integration, MANAGER, plan, resetSandbox, somebody } from "./manager.ts";
import { otherWorld } from "./other-world.ts";

beforeEach(() => void listen());
afterEach(async () => {
  vi.restoreAllMocks();
  await resetSandbox();
});

const GRAPH = "https://graph.microsoft.com/";
const IMAP = "https://outlook.office.com/IMAP.AccessAsUser.All";
const CALENDAR = "/api/v1/calendar/microsoft";

type Who = ReturnType<typeof somebody>;

async function needsItsUser(who: Who, id: string): Promise<void> {
  await env.DB.prepare("update connections set status='reauth_required', status_reason='grant_invalid' where id=?1")
    .bind(id)
    .run();
  await sleep(who.sub);
}

const refusedFor = async (who: Who, id: string) =>
  String((await problemOf(await call(`${CALENDAR}/?connection=${id}`, who)))["authorize_path"]);

async function startedAt(who: Who, path: string, method = "POST"): Promise<URL> {
  const answer = await call(path, who, { method });
  const { authorization_url: url } = await answer.json<{ authorization_url: string }>();
  return new URL(url);
}

/** What a sign-in asks for, but for OpenID's scopes. */
const askedBy = (url: URL) => (url.searchParams.get("scope") ?? "").split(" ").filter((scope) => scope.includes("://"));

test("of several Microsoft accounts the one that needs its user is named, and what it held is asked for again", async () => {
  const who = somebody();
  const wish = { provider: "microsoft", features: ["calendar.read", "mail.imap"] };
  const ana = await connectWith(who, wish);
  const bo = await connectWith(who, { provider: "microsoft" }, "bo");
  for (const id of [ana, bo]) await needsItsUser(who, id);
  const path = await refusedFor(who, ana);
  expect(path).toBe(`${MANAGER}/authorize?provider=microsoft&connection=${ana}`);
  expect(await refusedFor(who, bo)).toBe(`${MANAGER}/authorize?provider=microsoft&connection=${bo}`);
  const url = await startedAt(who, path);
  expect(askedBy(url).toSorted()).toEqual([`${GRAPH}Calendars.Read`, IMAP]);
  expect(url.searchParams.get("login_hint")).toBe("ana@contoso.example");
  expect((await finishAs(who, url, "ana")).status).toBe(200);
  expect(await integration(who, ana)).toMatchObject({ status: "active", features: ["calendar.read", "mail.imap"] });
});

test("the only account is named where it holds more than is usual, and not where it holds less", async () => {
  const mailed = somebody();
  const id = await connectWith(mailed, { provider: "microsoft", features: ["calendar.write", "mail.imap"] });
  await needsItsUser(mailed, id);
  expect(await refusedFor(mailed, id)).toBe(`${MANAGER}/authorize?provider=microsoft&connection=${id}`);
  const reader = somebody();
  const small = await connectWith(reader, { provider: "microsoft", scopes: ["Calendars.Read"] });
  await needsItsUser(reader, small);
  expect(await refusedFor(reader, small)).toBe("/api/v1/auth/microsoft/");
  expect(askedBy(await startedAt(reader, "/api/v1/auth/microsoft/", "GET"))).toContain(`${GRAPH}Calendars.Read`);
});

test("what Graph or the proxy's API refuses of one of several accounts names that account as well", async () => {
  const who = somebody({ scope: "proxy" });
  const ana = await connectWith(who, { provider: "microsoft" });
  await connectWith(who, { provider: "microsoft" }, "bo");
  const headers = { "WWW-Authenticate": `Bearer error="insufficient_claims", claims="${btoa('{"access_token":{}}')}"` };
  await plan({ host: "graph.microsoft.com", status: 401, body: { error: { code: "x" } }, headers, times: 2 });
  for (const path of [`${CALENDAR}/?connection=${ana}`, `${MANAGER}/integrations/${ana}/proxy/v1.0/me`]) {
    const refused = await problemOf(await call(path, who));
    expect(refused).toMatchObject({ code: "reauth_required" });
    const query = new URL(String(refused["authorize_path"]), "https://latchkey.test").searchParams;
    expect([query.get("connection"), query.get("claims")]).toEqual([ana, '{"access_token":{}}']);
  }
});

test("what a refusal says is lacking is asked for by name, usual or not, beside what is held", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft", features: ["calendar.read", "mail.imap"] });
  const event = { subject: "x", start: { date_time: "2026-12-01T09:00:00", time_zone: "UTC" } };
  const end = { date_time: "2026-12-01T10:00:00", time_zone: "UTC" };
  const refused = await problemOf(await send("POST", `${CALENDAR}/events`, who, { ...event, end }));
  expect(refused).toMatchObject({ code: "scope_insufficient", missing_scopes: ["Calendars.ReadWrite"] });
  const url = await startedAt(who, String(refused["authorize_path"]));
  expect(askedBy(url)).toEqual(expect.arrayContaining([`${GRAPH}Calendars.ReadWrite`, IMAP]));
  expect(String(refused["authorize_path"])).toContain(`connection=${id}`);
});

test("a connection alone asks for what it holds as far as the caller may have it, else for the usual", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft", scopes: ["Mail.Read", "Calendars.Read"] });
  expect(askedBy(await authorize(who, { provider: "microsoft", connection: id })).toSorted()).toEqual([
    `${GRAPH}Calendars.Read`,
    `${GRAPH}Mail.Read`,
  ]);
  await sleep(who.sub);
  const ask = async (policy: object) => {
    const world = otherWorld({ SCOPE_POLICY: JSON.stringify({ user: { microsoft: policy } }) });
    const answer = await world.send(who, "POST", `${MANAGER}/authorize`, { provider: "microsoft", connection: id });
    const { authorization_url: url } = await answer.json<{ authorization_url: string }>();
    return askedBy(new URL(url));
  };
  expect(await ask(["calendar.read"])).toEqual([`${GRAPH}Calendars.Read`]);
  expect(await ask(["User.Read", "Calendars.ReadWrite"])).toEqual([`${GRAPH}User.Read`, `${GRAPH}Calendars.ReadWrite`]);
});
