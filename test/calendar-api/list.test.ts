import { expect, test } from "vitest";
import { call } from "../support.ts";
import { CALENDAR, connected, created, forgetHeard, heard, listed, read } from "./calendar.ts";

test("the calendars of the account come with the default one named", async () => {
  const who = await connected();
  const { status, body } = await read<{ default: unknown; calendars: unknown[] }>(call(CALENDAR, who));
  expect(status).toBe(200);
  expect(body.calendars).toMatchObject([
    { name: "Calendar", is_default: true, can_edit: true, owner: { address: `${who.sub}@contoso.example` } },
    { name: "Team", is_default: false },
  ]);
  expect(body.default).toEqual(body.calendars[0]);
});

test("paths work with and without a trailing slash", async () => {
  const who = await connected();
  for (const path of [CALENDAR, `${CALENDAR}/`, `${CALENDAR}/events`, `${CALENDAR}/events/`]) {
    const answer = await call(path, who);
    expect([path, answer.status]).toEqual([path, 200]);
    await answer.body?.cancel();
  }
});

test("a window expands a series, and its hour on the wall stays through a change of the clock", async () => {
  const who = await connected();
  const series = await created(who, {
    start: { date_time: "2026-10-18T09:00:00", time_zone: "Europe/Rome" },
    end: { date_time: "2026-10-18T10:00:00", time_zone: "Europe/Rome" },
    recurrence: {
      pattern: { type: "weekly", interval: 1, days_of_week: ["sunday"] },
      range: { type: "numbered", number_of_occurrences: 3 },
    },
  });
  const window = { from: "2026-10-01T00:00:00+02:00", to: "2026-12-01T00:00:00Z" };
  const { events: instances, next_cursor } = await listed(who, window);
  expect(next_cursor).toBeNull();
  expect(instances.map(({ type, start, end, series_id }) => ({ type, start, end, series_id }))).toEqual(
    ["2026-10-18T07", "2026-10-25T08", "2026-11-01T08"].map((hour) => ({
      type: "occurrence",
      start: { date_time: `${hour}:00:00`, time_zone: "UTC" },
      end: { date_time: `${hour.slice(0, 11)}${hour.endsWith("7") ? "08" : "09"}:00:00`, time_zone: "UTC" },
      series_id: series.id,
    })),
  );
  const inRome = await listed(who, { ...window, time_zone: "Europe/Rome" });
  expect(new Set(inRome.events.map(({ start }) => start.date_time.slice(10)))).toEqual(new Set(["T09:00:00"]));
  const { events } = await listed(who);
  expect(events.map(({ id, type }) => ({ id, type }))).toEqual([{ id: series.id, type: "series_master" }]);
});

test("a window holds what overlaps it, and nothing else", async () => {
  const who = await connected();
  await created(who, { subject: "before" });
  const late = { date_time: "2026-11-20T23:30:00", time_zone: "UTC" };
  await created(who, { subject: "over midnight", start: late, end: { ...late, date_time: "2026-11-21T00:30:00" } });
  const { events } = await listed(who, { from: "2026-11-21T00:00:00Z", to: "2026-11-22T00:00:00Z" });
  expect(events.map(({ subject }) => subject)).toEqual(["over midnight"]);
});

test.each([
  ["events", {}],
  ["instances", { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" }],
])("a walk through pages of %s sees each exactly once", async (_, window) => {
  const who = await connected();
  for (let day = 1; day <= 7; day += 1) {
    const at = (hour: string) => ({ date_time: `2026-11-0${day}T${hour}:00`, time_zone: "UTC" });
    await created(who, { subject: `Day ${day}`, start: at("09:00"), end: at("10:00") });
  }
  const first = await listed(who, { ...window, limit: "3" });
  const pages = [first];
  for (let cursor = first.next_cursor; cursor !== null; cursor = pages.at(-1)?.next_cursor ?? null) {
    pages.push(await listed(who, { cursor }));
  }
  expect(pages.map(({ events }) => events.length)).toEqual([3, 3, 1]);
  const subjects = pages.flatMap(({ events }) => events.map(({ subject }) => subject));
  expect(subjects).toEqual([1, 2, 3, 4, 5, 6, 7].map((day) => `Day ${day}`));
});

test("a cursor may come with the query that the list began with", async () => {
  const who = await connected();
  await created(who, { subject: "Audit 1" });
  await created(who, { subject: "Audit 2" });
  const query = { limit: "1", q: "Audit", time_zone: "W. Europe Standard Time" };
  const { next_cursor } = await listed(who, query);
  const { events } = await listed(who, { ...query, time_zone: "Europe/Berlin", cursor: next_cursor ?? "" });
  expect(events.map(({ start }) => start.time_zone)).toEqual(["Europe/Berlin"]);
});

test("q finds what is in a subject, whatever signs it has", async () => {
  const who = await connected();
  for (const subject of ["Bo's 1+1 & 50%", "Bos 1 1"]) await created(who, { subject });
  for (const q of ["Bo's", "1+1 & 50%", "bo's"]) {
    const { events } = await listed(who, { q });
    expect([q, ...events.map(({ subject }) => subject)]).toEqual([q, "Bo's 1+1 & 50%"]);
  }
  expect((await listed(who, { q: "') or contains(subject,'" })).events).toEqual([]);
  const { events } = await listed(who, { q: "Bos", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" });
  expect(events.map(({ subject }) => subject)).toEqual(["Bos 1 1"]);
});

test.each([
  ["America/New_York", "2026-11-20T03:00:00", "America/New_York"],
  ["Tokyo Standard Time", "2026-11-20T17:00:00", "Asia/Tokyo"],
  ["romance standard time", "2026-11-20T09:00:00", "Europe/Paris"],
])("times are answered in the zone %s", async (asked, date_time, time_zone) => {
  const who = await connected();
  await created(who);
  const { events } = await listed(who, { time_zone: asked });
  expect(events.map(({ start }) => start)).toEqual([{ date_time, time_zone }]);
});

test("every request to Graph asks for the zone and for ids that survive a move", async () => {
  const who = await connected();
  await forgetHeard();
  await created(who);
  await listed(who, { time_zone: "Asia/Tokyo" });
  await (await call(CALENDAR, who)).body?.cancel();
  const prefer = (await heard()).map(({ headers }) => headers["prefer"]);
  expect(prefer).toEqual(
    ["Europe/Rome", "Asia/Tokyo", "UTC"].map((zone) => `outlook.timezone="${zone}", IdType="ImmutableId"`),
  );
});

test("calendar_id lists another calendar than the default one", async () => {
  const who = await connected();
  const { body } = await read<{ calendars: { id: string }[] }>(call(CALENDAR, who));
  const team = body.calendars[1]?.id ?? "";
  const event = await created(who, { calendar_id: team });
  expect((await listed(who)).events).toEqual([]);
  const { events } = await listed(who, { calendar_id: team });
  expect(events.map(({ id, calendar_id }) => ({ id, calendar_id }))).toEqual([{ id: event.id, calendar_id: team }]);
});
