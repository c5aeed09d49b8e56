import { expect, test } from "vitest";
import { call, connect, type TokenClaims } from "../support.ts";
import { connected, created, EVENTS, forgetHeard, heard, listed, plan, refusal } from "./calendar.ts";

const BETA_EVENTS = "/api/v1/beta/calendar/microsoft/events";

test.each([
  ["from=2026-01-01T00:00:00Z", "to"],
  ["to=2026-01-01T00:00:00Z", "from"],
  ["from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"],
  ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"],
  ["from=2020-01-01T00:00:00Z&to=2025-12-31T00:00:00Z", "to"],
  ["from=2026-01-01T00:00:00&to=2026-01-02T00:00:00Z", "from"],
  ["from=today&to=2026-01-02T00:00:00Z", "from"],
  ["limit=0", "limit"],
  ["limit=1001", "limit"],
  ["limit=ten", "limit"],
  ["time_zone=Mars/Olympus", "time_zone"],
  ["time_zone=%2B02:00", "time_zone"],
  ["q=", "q"],
  ["calendar_id=../me", "calendar_id"],
  ["timezone=UTC", "timezone"],
  ["$filter=x", "$filter"],
  ["cursor=", "cursor"],
])("a list with %s is refused at %s, before Graph hears of it", async (query, path) => {
  const who = await connected();
  await forgetHeard();
  const refused = await refusal(call(`${EVENTS}?${query}`, who));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
  expect(refused.errors.map((error) => error.path)).toContain(path);
  expect(await heard()).toEqual([]);
});

test("a window of exactly five years is listed", async () => {
  const who = await connected();
  await created(who);
  const { events } = await listed(who, { from: "2026-01-01T00:00:00Z", to: "2030-12-31T00:00:00Z" });
  expect(events).toHaveLength(1);
});

/** Somebody with two events, and the cursor to the second one. */
async function halfway(): Promise<{ who: TokenClaims; cursor: string }> {
  const who = await connected();
  await created(who, { subject: "one" });
  const late = (hour: string) => ({ date_time: `2026-11-21T${hour}:00:00`, time_zone: "Europe/Rome" });
  await created(who, { subject: "two", start: late("09"), end: late("10") });
  return { who, cursor: (await listed(who, { limit: "1" })).next_cursor ?? "" };
}

function listAt(events: string, who: TokenClaims, query: Record<string, string>) {
  return refusal(call(`${events}?${new URLSearchParams(query).toString()}`, who));
}

const REFUSED = { status: 422, code: "validation_failed", errors: [{ path: "cursor" }] };

test("a cursor that was made up, cut short or changed in one place is refused and nothing is sent", async () => {
  const { who, cursor } = await halfway();
  await forgetHeard();
  const flip = (at: number) => `${cursor.slice(0, at)}${cursor[at] === "A" ? "B" : "A"}${cursor.slice(at + 1)}`;
  const link = "https://graph.microsoft.com/v1.0/me/events?$skiptoken=x";
  const forged = [btoa(JSON.stringify({ link, query: {} })), link, "v1.k1.a.b", cursor.slice(0, -4), `${cursor}AAAA`];
  for (const text of [...forged, ...[0, 4, 7, 20, 60, cursor.length - 3].map(flip)]) {
    expect(await listAt(EVENTS, who, { cursor: text })).toMatchObject(REFUSED);
  }
  expect(await heard()).toEqual([]);
  expect((await listed(who, { cursor })).events).toMatchObject([{ subject: "two" }]);
});

test("a cursor of another owner is refused", async () => {
  const { cursor } = await halfway();
  expect(await listAt(EVENTS, await connected(), { cursor })).toMatchObject(REFUSED);
});

test("a cursor of an owner of the same name in the other system is refused, both ways", async () => {
  // In beta a subject owns under `sub:`; in main a subject may be called that.
  const id = crypto.randomUUID();
  const [main, beta] = [{ sub: `sub:${id}` }, { sub: id }];
  expect((await connect(main, id)).status).toBe(200);
  expect((await connect(beta, id, "/api/v1/beta")).status).toBe(200);
  for (const subject of ["one", "two"]) await created(main, { subject });
  const ofMain = (await listed(main, { limit: "1" })).next_cursor ?? "";
  const ofBeta = (await listed(beta, { limit: "1" }, BETA_EVENTS)).next_cursor ?? "";
  expect(await listAt(BETA_EVENTS, beta, { cursor: ofMain })).toMatchObject(REFUSED);
  expect(await listAt(EVENTS, main, { cursor: ofBeta })).toMatchObject(REFUSED);
  expect((await listed(beta, { cursor: ofBeta }, BETA_EVENTS)).events).toHaveLength(1);
});

test.each([
  ["limit", "2"],
  ["q", "one"],
  ["time_zone", "Asia/Tokyo"],
])("a cursor does not go on with another %s", async (name, value) => {
  const { who, cursor } = await halfway();
  expect(await listAt(EVENTS, who, { cursor, [name]: value })).toMatchObject(REFUSED);
});

test("a cursor that the provider has forgotten says so", async () => {
  const { who, cursor } = await halfway();
  await plan({ path: "/v1.0/me/events", status: 410, body: { error: { code: "SyncStateNotFound", message: "" } } });
  expect(await listAt(EVENTS, who, { cursor })).toMatchObject(REFUSED);
});

test.each([
  "https://evil.test/v1.0/me/events?$skiptoken=x",
  "https://graph.microsoft.com.evil.test/v1.0/me/events",
  "https://graph.microsoft.com@evil.test/v1.0/me/events",
  "http://graph.microsoft.com/v1.0/me/events",
  "https://graph.microsoft.com/v1.0/../beta/me/events",
])("a next page at %s is never asked for, so no token goes there", async (nextLink) => {
  const who = await connected();
  await plan({ path: "/v1.0/me/events", status: 200, body: { value: [], "@odata.nextLink": nextLink } });
  await forgetHeard();
  const { next_cursor } = await listed(who);
  const refused = await listAt(EVENTS, who, { cursor: next_cursor ?? "" });
  expect(refused).toMatchObject({ status: 502, code: "provider_error" });
  const requests = await heard("*");
  expect(requests.map(({ host, path }) => `${host}${path}`)).toEqual(["graph.microsoft.com/v1.0/me/events"]);
  expect(JSON.stringify(refused)).not.toContain("evil");
});

test("a list that Graph sends in another shape is the provider's error", async () => {
  const who = await connected();
  await plan({ path: "/v1.0/me/events", status: 200, body: { value: [{ id: 1 }] } });
  expect(await refusal(call(EVENTS, who))).toMatchObject({ status: 502, code: "provider_error" });
});
