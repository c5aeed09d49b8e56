import { expect, test } from "vitest";
import type { CalendarEvent } from "../../src/calendar/event.ts";
import { call, connect, send } from "../support.ts";
import { connected, created, EVENTS, listed, newEvent, plan, read, refusal } from "./calendar.ts";

const CALENDAR = "/api/v1/beta/calendar/microsoft";
const BETA = `${CALENDAR}/events`;

/** A teacher of beta, connected. */
async function teacher() {
  const id = `teacher-${crypto.randomUUID()}`;
  const who = { sub: `login-of-${id}`, teacher_id: id };
  expect((await connect(who, id, "/api/v1/beta")).status).toBe(200);
  return who;
}

test("beta's calendar is read, written, changed and emptied like main's", async () => {
  const who = await teacher();
  const calendars = await read<{ default: { name: string } }>(call(`${CALENDAR}/`, who));
  expect(calendars).toMatchObject({ status: 200, body: { default: { name: "Calendar" } } });
  const at = (hour: string) => ({ date_time: `2026-10-24T${hour}:00:00`, time_zone: "W. Europe Standard Time" });
  const recurrence = { pattern: { type: "daily", interval: 1 }, range: { type: "numbered", number_of_occurrences: 3 } };
  const fields = newEvent({ start: at("09"), end: at("10"), recurrence });
  const key = { "Idempotency-Key": "beta-1" };
  const made = await read<CalendarEvent>(send("POST", BETA, who, fields, key));
  expect(made).toMatchObject({ status: 201, body: { start: { time_zone: "Europe/Berlin" } } });
  expect((await read<CalendarEvent>(send("POST", BETA, who, fields, key))).body).toEqual(made.body);
  const window = { from: "2026-10-24T00:00:00Z", to: "2026-10-27T00:00:00Z" };
  const first = await listed(who, { ...window, limit: "2" }, BETA);
  const second = await listed(who, { cursor: first.next_cursor ?? "" }, BETA);
  const starts = [...first.events, ...second.events].map(({ start }) => start.date_time);
  expect(starts).toEqual(["2026-10-24T07:00:00", "2026-10-25T08:00:00", "2026-10-26T08:00:00"]);
  const path = `${BETA}/${made.body.id}`;
  const etag = { "If-Match": made.body.etag ?? "" };
  const changed = await read<CalendarEvent>(send("PUT", path, who, { subject: "Changed" }, etag));
  expect(changed).toMatchObject({ status: 200, body: { subject: "Changed" } });
  const stale = await refusal(send("PATCH", path, who, { subject: "Too late" }, etag));
  expect(stale).toMatchObject({ status: 412, code: "precondition_failed" });
  expect((await call(path, who, { method: "DELETE" })).status).toBe(204);
  expect((await listed(who, {}, BETA)).events).toEqual([]);
});

test("beta's owner is the teacher, whoever of them signs in", async () => {
  const who = await teacher();
  await created(who, {}, BETA);
  expect((await listed({ ...who, sub: "another-login" }, {}, BETA)).events).toHaveLength(1);
  const other = await refusal(call(BETA, { ...who, teacher_id: "somebody-else" }));
  expect(other).toMatchObject({ status: 404, code: "not_connected" });
});

test("a connection of one system is worth nothing in the other, even for an owner of the same name", async () => {
  // In beta a subject owns under `sub:`; in main a subject may be called that.
  const id = crypto.randomUUID();
  const [main, beta] = [{ sub: `sub:${id}` }, { sub: id }];
  const inMain = await read<{ connection: { id: string } }>(connect(main, id));
  expect(await refusal(call(BETA, beta))).toMatchObject({
    status: 404,
    code: "not_connected",
    authorize_path: "/api/v1/beta/auth/microsoft/",
  });
  const inBeta = await read<{ connection: { id: string } }>(connect(beta, id, "/api/v1/beta"));
  const foreign = { status: 404, code: "not_found" };
  expect(await refusal(call(`${EVENTS}?connection=${inBeta.body.connection.id}`, main))).toMatchObject(foreign);
  expect(await refusal(call(`${BETA}?connection=${inMain.body.connection.id}`, beta))).toMatchObject(foreign);
  for (const [events, who, { body }] of [
    [EVENTS, main, inMain],
    [BETA, beta, inBeta],
  ] as const) {
    expect((await call(`${events}?connection=${body.connection.id}`, who)).status).toBe(200);
  }
});

test("limits are counted for each system by itself", async () => {
  const who = await connected();
  expect((await connect(who, who.sub, "/api/v1/beta")).status).toBe(200);
  for (const events of [EVENTS, BETA]) {
    const answer = await call(events, who);
    await answer.body?.cancel();
    expect(answer.headers.get("RateLimit")).toContain(";r=199;");
  }
});

test("what Graph refuses in beta is answered as in main", async () => {
  const who = await teacher();
  await plan({ path: "/v1.0/me/events", status: 401 });
  expect((await call(BETA, who)).status).toBe(200);
  await plan({ path: "/v1.0/me/events", status: 429, retry_after: 120 });
  expect(await refusal(call(BETA, who))).toMatchObject({ status: 503, code: "provider_throttled" });
});
