import { expect, it } from "vitest";
import { errorOf, KICK_OFF, openMailbox, valuesOf } from "./driver.ts";

it("cuts lists into pages whose links are absolute and complete", async () => {
  const { call, create } = await openMailbox();
  for (let i = 0; i < 12; i++) await create({ subject: `Event ${i}` });
  const first = (await call("/me/events?$select=subject&$orderby=createdDateTime")).body;
  expect(valuesOf(first)).toHaveLength(10);
  const link = new URL(String(first["@odata.nextLink"]));
  expect(link.origin).toBe("https://graph.microsoft.com");
  expect(link.searchParams.get("$skiptoken")).toBeTruthy();
  const second = (await call(`${link.pathname.replace("/v1.0", "")}${link.search}`)).body;
  expect(valuesOf(second)).toHaveLength(2);
  expect(second).not.toHaveProperty("@odata.nextLink");
  expect(Object.keys(valuesOf(second)[0] ?? {}).toSorted()).toEqual(["@odata.etag", "id", "subject"]);
  expect(valuesOf((await call("/me/events?$top=3&$skip=10")).body)).toHaveLength(2);
  expect(valuesOf((await call("/me/events", { headers: { Prefer: "odata.maxpagesize=4" } })).body)).toHaveLength(4);
  expect((await call("/me/events?$top=1001")).status).toBe(400);
  expect((await call("/me/events?$skiptoken=nonsense")).status).toBe(400);
});

it("filters by subject, time and extended property, and orders", async () => {
  const { call, create } = await openMailbox();
  const id = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name OurId";
  await create({ subject: "It's Ann's lunch", singleValueExtendedProperties: [{ id, value: "evt_1" }] });
  await create({ subject: "Dinner", start: KICK_OFF.end, end: KICK_OFF.end });
  const subjects = async (query: string) => {
    const { status, body } = await call(`/me/events?${query}`);
    return status === 200 ? valuesOf(body).map(({ subject }) => subject) : errorOf(body)["code"];
  };
  const filter = (text: string) => subjects(`$filter=${encodeURIComponent(text)}`);
  expect(await filter("contains(subject,'ann''s LUNCH')")).toEqual(["It's Ann's lunch"]);
  expect(await filter(`singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq 'evt_1')`)).toEqual([
    "It's Ann's lunch",
  ]);
  expect(await filter(`singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq 'evt_2')`)).toEqual([]);
  expect(await filter("start/dateTime ge '2026-11-20T08:30:00' and contains(subject,'d')")).toEqual(["Dinner"]);
  expect(await filter("transactionId eq 'x'")).toBe("ErrorInvalidUrlQueryFilter");
  expect(await subjects("$orderby=start/dateTime%20desc")).toEqual(["Dinner", "It's Ann's lunch"]);
  expect(await subjects("$orderby=colour")).toBe("BadRequest");
  const expand = encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${id}')`);
  const [expanded] = valuesOf((await call(`/me/events?$orderby=start/dateTime&$expand=${expand}`)).body);
  expect(expanded?.["singleValueExtendedProperties"]).toEqual([{ id, value: "evt_1" }]);
});

it("throttles a mailbox beyond its concurrency with Retry-After", async () => {
  const { sandbox, call } = await openMailbox();
  await sandbox.control("/settings", { mailbox_concurrency: 4 });
  const answers = await Promise.all(Array.from({ length: 6 }, () => call("/me/events")));
  const throttled = answers.filter(({ status }) => status === 429);
  expect(throttled).toHaveLength(2);
  expect(throttled[0]?.headers.get("Retry-After")).toBe("1");
  expect(errorOf(throttled[0]?.body ?? {})).toMatchObject({ code: "ApplicationThrottled" });
  expect((await call("/me/events")).status).toBe(200);
});
