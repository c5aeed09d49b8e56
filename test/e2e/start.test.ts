/** From a fresh copy to a calendar in the browser, and back after a restart, over real sockets. */
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Browser, buttonsOf } from "./browser.ts";
import { install, type Installation, isFree, type Running, start, stopped, uninstall, until } from "./installation.ts";
import { type Call, callAt } from "./call.ts";
import { paste } from "./paste.ts";
import { alive, familyOf, type Process } from "./processes.ts";

let installation: Installation;
let latchkey: Running;

beforeAll(async () => {
  installation = await install();
  latchkey = await start(installation, ["npm", "start"]);
}, 90_000);

afterAll(async () => {
  await uninstall(installation);
}, 30_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => console.log(latchkey.output()));
});

/** The token that was printed to try. */
function printedToken(): string {
  return /^TOKEN=(\S+)$/m.exec(latchkey.output())?.[1] ?? "";
}

/** The commands that were printed to try. */
function printedCommands(): string[] {
  return latchkey.output().match(/^curl .+$/gm) ?? [];
}

/** A token for somebody, by the project's own command. */
function tokenFor(sub: string): string {
  const args = ["run", "--silent", "token", "--", "--sub", sub];
  return execFileSync("npm", args, { cwd: installation.folder, encoding: "utf8" }).trim();
}

const call: Call = (...asked) => callAt(latchkey.url)(...asked);

/** Signs somebody in by the page of the stand-in and gives what the callback answers. */
async function connect(token: string, label: string) {
  const { json } = await call(token, "GET", "/auth/microsoft/");
  const browser = new Browser();
  const page = await browser.open(String(json["authorization_url"]));
  return browser.follow(await browser.press(page, label));
}

/** Pastes a command that starts a sign-in, and opens the page that it leads to. */
async function openPrinted(command: string | undefined) {
  const { authorization_url: url } = (await paste(command ?? "", printedToken())) as { authorization_url: string };
  const browser = new Browser();
  return { browser, page: await browser.open(url) };
}

const EVENT = {
  subject: "Coffee",
  start: { date_time: "2027-03-01T09:00:00", time_zone: "Europe/Rome" },
  end: { date_time: "2027-03-01T09:30:00", time_zone: "Europe/Rome" },
};
const EVENTS = "/calendar/microsoft/events";

test("the first three commands that are printed lead from nothing to an event", async () => {
  const [connectIt, create, list] = printedCommands();
  expect(latchkey.output()).toContain(`http://localhost:${installation.worker}\n`);
  expect(latchkey.output()).toContain(`http://localhost:${installation.sandbox}\n`);
  const { browser, page } = await openPrinted(connectIt);
  expect(page.headers.get("Content-Type")).toMatch(/^text\/html/);
  expect(buttonsOf(page).map(({ text }) => text.split(" ")[0])).toEqual(["Ana", "Gus", "Pat", "Dora", "Cancel"]);
  const callback = await browser.follow(await browser.press(page, "Ana Rossi"));
  expect(callback.status).toBe(200);
  expect(JSON.parse(callback.text)).toMatchObject({
    connection: { provider: "microsoft", status: "active", account: { address: "ana@contoso.example" } },
  });
  expect(await paste(create ?? "", printedToken())).toMatchObject(EVENT);
  expect(await paste(list ?? "", printedToken())).toMatchObject({ events: [{ subject: "Coffee" }], next_cursor: null });
});

test("the others connect Google, YouTube and Notion, and show what is connected", async () => {
  const [google, youtube, notion, list] = printedCommands().slice(3);
  const signIn = async (command: string | undefined, ...labels: string[]) => {
    const { browser, page: first } = await openPrinted(command);
    let page = first;
    for (const label of labels) page = await browser.press(page, label);
    const callback = await browser.follow(page);
    expect([callback.url.origin, callback.status]).toEqual([latchkey.url, 200]);
  };
  await signIn(google, "Ana Rossi");
  await signIn(youtube, "Ana Rossi");
  await signIn(notion, "Ana Rossi", "Allow access");
  const { integrations } = (await paste(list ?? "", printedToken())) as { integrations: Record<string, unknown>[] };
  const connected = integrations.map(({ provider, status, missing_scopes: missing }) => [provider, status, missing]);
  expect(connected).toEqual(
    expect.arrayContaining(["google", "youtube", "notion"].map((provider) => [provider, "active", []])),
  );
});

test("the next commands copy a whole tenant and ask for it", async () => {
  const [make, setUp, sync, watch, guests, insights] = printedCommands().slice(7);
  expect(await paste(make ?? "", printedToken())).toMatchObject({ domain: "tenant-1.example", users: 500 });
  expect(await paste(setUp ?? "", printedToken())).toMatchObject({ capabilities: { users: { status: "available" } } });
  expect(await paste(sync ?? "", printedToken())).toMatchObject({ run_id: expect.any(String) as string });
  expect(await paste(watch ?? "", printedToken())).toMatch(/event: end\ndata: \{"status":"succeeded"\}/);
  const { users, count } = (await paste(guests ?? "", printedToken())) as { users: { type: string }[]; count: number };
  expect(users.map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => "Guest"));
  expect(count).toBeGreaterThan(5);
  expect(await paste(insights ?? "", printedToken())).toMatchObject({ licences: expect.anything() as unknown });
});

test("the last commands open a mailbox for a mail client", async () => {
  const [open, login, ...more] = printedCommands().slice(13);
  expect(more).toEqual([]);
  const { browser, page } = await openPrinted(open);
  const callback = await browser.follow(await browser.press(page, "Ana Rossi"));
  expect(JSON.parse(callback.text)).toMatchObject({
    connection: { provider: "outlook" },
    mail_account: { address: "ana@contoso.example", auth_method: "oauth" },
  });
  expect(await paste(login ?? "", printedToken())).toMatchObject({
    imap: { host: "outlook.office365.com", mechanism: "XOAUTH2" },
    smtp: { host: "smtp.office365.com", port: 587 },
  });
});

test("the keys are written once, for their owner alone", () => {
  const file = path.join(installation.folder, ".dev.vars");
  expect(existsSync(file)).toBe(true);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(latchkey.output()).toContain("Wrote .dev.vars with fresh keys.");
});

test("a personal account's profile is read, and its calendar written, changed and emptied", async () => {
  const token = tokenFor("pat-of-ours");
  expect((await connect(token, "Pat Moreau")).status).toBe(200);
  const { json: profile } = await call(token, "GET", "/auth/microsoft/user");
  expect(profile).toMatchObject({ display_name: "Pat Moreau", mail: "pat@outlook.example" });
  const { status, headers, json: event } = await call(token, "POST", EVENTS, EVENT, { "Idempotency-Key": "e2e" });
  expect([status, headers.get("ETag")]).toEqual([201, event["etag"]]);
  expect((await call(token, "POST", EVENTS, EVENT, { "Idempotency-Key": "e2e" })).json).toEqual(event);
  const route = `${EVENTS}/${String(event["id"])}`;
  const match = { "If-Match": String(event["etag"]) };
  expect((await call(token, "PATCH", route, { subject: "Tea" }, match)).json).toMatchObject({ subject: "Tea" });
  expect(await call(token, "PATCH", route, { subject: "Milk" }, match)).toMatchObject({
    status: 412,
    json: { code: "precondition_failed" },
  });
  const window = "from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z";
  expect((await call(token, "GET", `${EVENTS}?${window}`)).json).toMatchObject({ events: [{ subject: "Tea" }] });
  expect((await call(token, "DELETE", route)).status).toBe(204);
  expect((await call(token, "GET", EVENTS)).json).toEqual({ events: [], next_cursor: null });
});

test("whoever declines or cancels is not connected", async () => {
  const token = tokenFor("declines");
  for (const label of ["Dora Novak", "Cancel"]) {
    const { status, text } = await connect(token, label);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ code: "consent_denied" });
  }
  expect(await call(token, "GET", "/auth/microsoft/user")).toMatchObject({
    status: 404,
    json: { code: "not_connected" },
  });
});

test("a sign-in that a browser began is finished by that browser alone", async () => {
  const headers = { Authorization: `Bearer ${tokenFor("browser")}` };
  const begin = `${latchkey.url}/api/v1/auth/microsoft/?mode=redirect`;
  const victim = new Browser();
  const other = await victim.open(begin, headers);
  const sent = await victim.press(await victim.follow(other), "Ana Rossi");
  const elsewhere = await new Browser().follow(sent);
  expect(elsewhere.status).toBe(400);
  expect(JSON.parse(elsewhere.text)).toMatchObject({ code: "state_invalid" });
  const browser = new Browser();
  const started = await browser.open(begin, headers);
  const [cookie = "", ...more] = started.headers.getSetCookie();
  expect(more).toEqual([]);
  expect(cookie).toMatch(/^__Host-latchkey-/);
  for (const part of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]) expect(cookie.split("; ")).toContain(part);
  const callback = await browser.follow(await browser.press(await browser.follow(started), "Ana Rossi"));
  expect(callback.status).toBe(200);
  expect(browser.cookies(latchkey.url)).toEqual([]);
});

/** Each job, and what it counts. */
const JOBS: Readonly<Record<string, readonly string[]>> = {
  refresh_expiring: ["due", "planned"],
  keep_alive: ["due", "planned"],
  purge: ["rows"],
  audit_retention: ["owners", "records", "counters"],
  deliver_events: ["overdue", "woken"],
  purge_events: ["events"],
  retry_revocations: ["due", "left"],
  announce_expiring: ["dying", "announced"],
  reseal: ["found", "resealed", "lost", "busy"],
};

test("the scheduled jobs run when their time is rung, and log what they counted", async () => {
  const answer = await fetch(`${latchkey.url}/cdn-cgi/handler/scheduled?cron=*/15+*+*+*+*`);
  await answer.text();
  expect(answer.status).toBe(200);
  const jobs = () =>
    [...latchkey.output().matchAll(/^\{.*"event":"job","job":.*\}$/gm)].map(
      ([line]) => JSON.parse(line) as Record<string, unknown>,
    );
  const wanted = ["main", "beta"].flatMap((system) => Object.keys(JOBS).map((job) => `${system} ${job} ok`));
  await until(() => jobs().length >= wanted.length, 10_000);
  expect(new Set(jobs().map(({ system, job, outcome }) => [system, job, outcome].join(" ")))).toEqual(new Set(wanted));
  for (const line of jobs()) {
    const counts = JOBS[String(line["job"])] ?? [];
    expect(counts.map((name) => typeof line[name])).toEqual(counts.map(() => "number"));
  }
});

test("Ctrl-C leaves nothing running, and after a restart everybody is still connected", async () => {
  const token = tokenFor("returns");
  expect((await connect(token, "Ana Rossi")).status).toBe(200);
  const { json: event } = await call(token, "POST", EVENTS, { ...EVENT, subject: "Kept" });
  const family = familyOf(latchkey.pid);
  expect(family.length).toBeGreaterThan(4);
  process.kill(-latchkey.pid, "SIGINT");
  await expectNothingLeft(family);
  latchkey = await start(installation, [process.execPath, "scripts/start.mjs"]);
  expect(latchkey.output()).not.toContain("Wrote .dev.vars");
  expect((await call(token, "GET", "/auth/microsoft/user")).json).toMatchObject({ mail: "ana@contoso.example" });
  const { json } = await call(token, "GET", `${EVENTS}?q=Kept&time_zone=Europe/Rome`);
  expect(json["events"]).toEqual([event]);
  const again = familyOf(latchkey.pid);
  process.kill(latchkey.pid, "SIGTERM");
  await expectNothingLeft(again);
}, 120_000);

async function expectNothingLeft(family: readonly Process[]): Promise<void> {
  expect(await stopped(latchkey)).toBe(true);
  await until(() => alive(family).length === 0, 15_000);
  expect(alive(family)).toEqual([]);
  expect(await isFree(installation.worker)).toBe(true);
  expect(await isFree(installation.sandbox)).toBe(true);
}
