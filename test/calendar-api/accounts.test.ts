import { expect, test } from "vitest";
import { call, connect, send, type TokenClaims } from "../support.ts";
import {
  CALENDAR,
  connected,
  created,
  EVENTS,
  forgetHeard,
  heard,
  listed,
  newEvent,
  read,
  refusal,
} from "./calendar.ts";

/** Connects an account and gives the connection's id. */
async function connectionOf(who: TokenClaims, person: string): Promise<string> {
  const { body } = await read<{ connection: { id: string } }>(connect(who, person));
  return body.connection.id;
}

/** Somebody with two accounts. */
async function twoAccounts() {
  const who = { sub: `user-${crypto.randomUUID()}` };
  const [one, two] = [`one-${who.sub}`, `two-${who.sub}`];
  const first = await connectionOf(who, one);
  const second = await connectionOf(who, two);
  expect(first).not.toBe(second);
  return { who, first, second, one, two };
}

test("connection= picks one of the owner's accounts; without it the last one connected is meant", async () => {
  const { who, first, second } = await twoAccounts();
  await created(who, { subject: "in the first" }, `${EVENTS}?connection=${first}`);
  await created(who, { subject: "in the second" }, `${EVENTS}?connection=${second}`);
  const subjects = async (query: Record<string, string>) =>
    (await listed(who, query)).events.map(({ subject }) => subject);
  expect(await subjects({ connection: first })).toEqual(["in the first"]);
  expect(await subjects({ connection: second })).toEqual(["in the second"]);
  expect(await subjects({})).toEqual(["in the second"]);
});

test("calendars, changes and deletes take connection= too", async () => {
  const { who, first, one } = await twoAccounts();
  const { id } = await created(who, {}, `${EVENTS}?connection=${first}`);
  const { body } = await read(call(`${CALENDAR}?connection=${first}`, who));
  expect(body).toMatchObject({ default: { owner: { address: `${one}@contoso.example` } } });
  expect((await send("PATCH", `${EVENTS}/${id}?connection=${first}`, who, { subject: "x" })).status).toBe(200);
  const elsewhere = await refusal(call(`${EVENTS}/${id}`, who, { method: "DELETE" }));
  expect(elsewhere).toMatchObject({ status: 404, code: "not_found" });
  const deleted = await call(`${EVENTS}/${id}?connection=${first}`, who, { method: "DELETE" });
  expect(deleted.status).toBe(204);
});

test("a cursor of one account is refused at another", async () => {
  const { who, first, second } = await twoAccounts();
  for (const subject of ["a", "b"]) await created(who, { subject }, `${EVENTS}?connection=${first}`);
  const { next_cursor } = await listed(who, { connection: first, limit: "1" });
  const query = (connection: string) => new URLSearchParams({ connection, cursor: next_cursor ?? "" }).toString();
  const refused = await refusal(call(`${EVENTS}?${query(second)}`, who));
  expect(refused).toMatchObject({ status: 422, errors: [{ path: "cursor" }] });
  expect((await call(`${EVENTS}?${query(first)}`, who)).status).toBe(200);
});

test("a list goes on in the mailbox that it began in, whatever is connected meanwhile", async () => {
  const { who, second } = await twoAccounts();
  for (const subject of ["a", "b"]) await created(who, { subject }, `${EVENTS}?connection=${second}`);
  const { events, next_cursor } = await listed(who, { limit: "1" });
  const third = await connectionOf(who, `three-${who.sub}`);
  await created(who, { subject: "of another mailbox" }, `${EVENTS}?connection=${third}`);
  await forgetHeard();
  const rest = await listed(who, { cursor: next_cursor ?? "" });
  // Both begin at the same time, so their order is nobody's promise.
  expect(new Set([...events, ...rest.events].map(({ subject }) => subject))).toEqual(new Set(["a", "b"]));
  const [asked] = await heard();
  const named = await listed(who, { cursor: next_cursor ?? "", connection: second });
  expect(named.events).toEqual(rest.events);
  expect(new Set((await heard()).map(({ headers }) => headers["authorization"]))).toEqual(
    new Set([asked?.headers["authorization"]]),
  );
});

test("another owner's connection, and what is none, are not_found on every route", async () => {
  const mine = await connected();
  const other = { sub: `user-${crypto.randomUUID()}` };
  const theirs = await connectionOf(other, other.sub);
  for (const id of [theirs, "con_000000000000000000000000", "1", "", "'"]) {
    const query = `?connection=${encodeURIComponent(id)}`;
    const answers = [
      call(`${CALENDAR}${query}`, mine),
      call(`${EVENTS}${query}`, mine),
      send("POST", `${EVENTS}${query}`, mine, newEvent()),
      send("PATCH", `${EVENTS}/abc${query}`, mine, { subject: "x" }),
      call(`${EVENTS}/abc${query}`, mine, { method: "DELETE" }),
    ];
    for (const answer of await Promise.all(answers.map(refusal))) {
      expect({ id, ...answer }).toMatchObject({ id, status: 404, code: "not_found" });
    }
  }
  expect((await listed(other, { connection: theirs })).events).toEqual([]);
});

test("nothing that a calendar answers may be kept by anybody", async () => {
  const who = await connected();
  const { id } = await created(who);
  const answers = [
    await call(CALENDAR, who),
    await call(EVENTS, who),
    await send("POST", EVENTS, who, newEvent()),
    await send("PATCH", `${EVENTS}/${id}`, who, { subject: "x" }),
    await call(`${EVENTS}/${id}`, who, { method: "DELETE" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 201, 200, 204]);
  for (const { headers } of answers) expect(headers.get("Cache-Control")).toBe("no-store");
});

test("who is not connected is told where to connect", async () => {
  const who = { sub: `user-${crypto.randomUUID()}` };
  for (const answer of [call(CALENDAR, who), call(EVENTS, who), send("POST", EVENTS, who, newEvent())]) {
    const refused = await refusal(answer);
    expect(refused).toMatchObject({ status: 404, code: "not_connected", authorize_path: "/api/v1/auth/microsoft/" });
  }
  const { status, body } = await read<{ authorization_url: string }>(call("/api/v1/auth/microsoft/", who));
  expect(status).toBe(200);
  expect(body.authorization_url).toMatch(/^https:\/\/login\.microsoftonline\.com\//);
});

test("every answer says how much of its limit is left", async () => {
  const who = await connected();
  const { id } = await created(who);
  const write = '"events-write";q=50;w=60';
  const stale = { "If-Match": 'W/"stale"' };
  for (const [status, policy, left, ask] of [
    [200, '"calendar";q=100;w=60', 99, () => call(CALENDAR, who)],
    [200, '"events-read";q=200;w=60', 199, () => call(EVENTS, who)],
    [422, '"events-read";q=200;w=60', 198, () => call(`${EVENTS}?limit=0`, who)],
    [422, write, 48, () => send("POST", EVENTS, who, {})],
    [412, write, 47, () => send("PATCH", `${EVENTS}/${id}`, who, { subject: "x" }, stale)],
    [415, write, 46, () => call(EVENTS, who, { method: "POST", body: "x" })],
    [404, write, 45, () => call(`${EVENTS}/AAMkunknown`, who, { method: "DELETE" })],
    [204, write, 44, () => call(`${EVENTS}/${id}`, who, { method: "DELETE" })],
  ] as const) {
    const { status: answered, headers, body } = await ask();
    await body?.cancel();
    expect([policy, answered]).toEqual([policy, status]);
    expect(headers.get("RateLimit-Policy")).toBe(policy);
    expect(headers.get("RateLimit")).toMatch(new RegExp(`;r=${left};t=\\d+$`));
    expect(headers.get("Retry-After")).toBeNull();
  }
});

test("over the limit a write is refused, and reads go on", async () => {
  const who = await connected();
  for (let left = 50; left > 0; left -= 1) await (await send("POST", EVENTS, who, {})).body?.cancel();
  const answer = await read<{ code: string }>(send("POST", EVENTS, who, newEvent()));
  expect(answer).toMatchObject({ status: 429, body: { code: "rate_limited" } });
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(answer.headers.get("RateLimit")).toMatch(/^"events-write";r=0;/);
  expect((await listed(who)).events).toEqual([]);
});
