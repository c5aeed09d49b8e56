import { expect, it } from "vitest";
import { errorOf, openMailbox, valuesOf, type Json } from "./driver.ts";

const NOVEMBER = "/me/calendarView/delta?startDateTime=2026-11-01&endDateTime=2026-12-01";
const IN_DECEMBER = {
  start: { dateTime: "2026-12-20T09:00:00", timeZone: "UTC" },
  end: { dateTime: "2026-12-20T10:00:00", timeZone: "UTC" },
};

type Mailbox = Awaited<ReturnType<typeof openMailbox>>;

function follow({ call }: Mailbox, link: unknown, headers: Record<string, string> = {}) {
  const { pathname, search } = new URL(String(link));
  return call(`${pathname.replace("/v1.0", "")}${search}`, { headers });
}

/** Walks a whole round and returns its entries and its delta link. */
async function round(
  mailbox: Mailbox,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ entries: Json[]; link: string }> {
  let { body } = await mailbox.call(path, { headers });
  const entries = valuesOf(body);
  while (body["@odata.nextLink"] !== undefined) {
    ({ body } = await follow(mailbox, body["@odata.nextLink"], headers));
    entries.push(...valuesOf(body));
  }
  return { entries, link: String(body["@odata.deltaLink"]) };
}

it("gives the window in pages and then only what changed", async () => {
  const mailbox = await openMailbox();
  for (let i = 0; i < 5; i++) await mailbox.create({ subject: `Event ${i}` });
  await mailbox.create(IN_DECEMBER);
  const { entries, link } = await round(mailbox, NOVEMBER, { Prefer: "odata.maxpagesize=2" });
  expect(entries).toHaveLength(5);
  expect(valuesOf((await follow(mailbox, link)).body)).toEqual([]);
  await mailbox.create({ subject: "New" });
  const { body } = await follow(mailbox, link);
  expect(valuesOf(body).map(({ subject }) => subject)).toEqual(["New"]);
});

it("reports what was deleted, and what changed outside the window as if it were deleted", async () => {
  const mailbox = await openMailbox();
  const inside = await mailbox.create();
  const { link } = await round(mailbox, NOVEMBER);
  await mailbox.call(`/me/events/${String(inside["id"])}`, { method: "DELETE" });
  const outside = await mailbox.create(IN_DECEMBER);
  const entries = valuesOf((await follow(mailbox, link)).body);
  expect(entries).toHaveLength(2);
  for (const { id } of [inside, outside]) {
    expect(entries).toContainEqual({ "@odata.type": "#microsoft.graph.event", id, "@removed": { reason: "deleted" } });
  }
});

it("gives a series as its master and the occurrences in the window", async () => {
  const mailbox = await openMailbox();
  const range = { type: "numbered", startDate: "2026-11-20", numberOfOccurrences: 3 };
  await mailbox.create({ recurrence: { pattern: { type: "daily", interval: 1 }, range } });
  const { entries } = await round(mailbox, NOVEMBER);
  expect(entries.map(({ type }) => type)).toEqual(["seriesMaster", "occurrence", "occurrence", "occurrence"]);
});

it("bakes the window into its links, whatever else a request says", async () => {
  const mailbox = await openMailbox();
  const { link } = await round(mailbox, NOVEMBER);
  await mailbox.create();
  const widened = await follow(mailbox, `${link}&startDateTime=2020-01-01&endDateTime=2020-01-02`);
  expect(valuesOf(widened.body)).toHaveLength(1);
});

it("answers 410 to links that expired, and 400 to nonsense", async () => {
  const mailbox = await openMailbox();
  const { link } = await round(mailbox, NOVEMBER);
  await mailbox.sandbox.control("/delta/expire", {});
  const { status, body } = await follow(mailbox, link);
  expect([status, errorOf(body)["code"]]).toEqual([410, "SyncStateNotFound"]);
  expect((await round(mailbox, NOVEMBER)).entries).toEqual([]);
  expect((await mailbox.call("/me/calendarView/delta?$deltatoken=nonsense")).status).toBe(400);
});

it("refuses the query options that change tracking does not have", async () => {
  const { call } = await openMailbox();
  expect((await call(`${NOVEMBER}&$select=subject`)).status).toBe(400);
  expect((await call("/me/calendarView/delta")).status).toBe(400);
});
