import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { type ConsentRecord, type EventRecord, laterBy, together } from "../../src/db/companions.ts";
import { type Connection, connectionRows } from "../../src/db/connections.ts";
import { openDatabase } from "../../src/db/database.ts";
import type { MailChange } from "../../src/db/mail-links.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { newMailAccountId } from "../../src/lib/ids.ts";
import { connectionRow } from "./rows.ts";

const db = openDatabase(env.DB);
const tables = tablesFor("main");
const rows = connectionRows(db, tables);

function event({ owner, id, version }: Connection, name: string): EventRecord {
  return {
    id: `evt_${owner}_${name}`,
    at: 5,
    owner,
    connection: id,
    version,
    type: "connection.updated",
    body: '{"quoted":"\'"}',
    state: "pending",
    dueAt: null,
    deliveries: { hook: { state: "pending", attempts: 0, nextAt: 5, lastStatus: null, lastError: null } },
  };
}

function consent({ owner, id, provider, account }: Connection, name: string): ConsentRecord {
  const asked = ["openid", "Mail.Read"];
  const rest = { network: null, policyVersion: "1", actor: "ana", requestId: null };
  return { id: `cns_${owner}_${name}`, at: 5, owner, connection: id, provider, account, asked, granted: [], ...rest };
}

const eventsOf = (owner: string) => db.select().from(tables.events).where(eq(tables.events.owner, owner));
const consentsOf = (owner: string) => db.select().from(tables.consents).where(eq(tables.consents.owner, owner));

test("what belongs to a row is stored with it, as it was given", async () => {
  const row = connectionRow("with", "a");
  const also = { events: [event(row, "1"), event(row, "2")], consents: [consent(row, "1")] };
  expect(await rows.insert(row, also)).toBe(true);
  expect(await eventsOf("with")).toEqual(also.events);
  expect(await consentsOf("with")).toEqual(also.consents);
  const next = { ...row, version: 2 };
  expect(await rows.replace(next, 1, { events: [event(next, "3")] })).toBe(true);
  expect(await eventsOf("with")).toHaveLength(3);
  expect(await rows.find(row.owner, row.id)).toEqual(next);
});

test("where the compare-and-set misses, nothing of what belongs to it is stored", async () => {
  const row = connectionRow("missed", "a");
  const also = { events: [event(row, "1"), event(row, "2")], consents: [consent(row, "1")] };
  // The version that was looked for is not there; the very version that was to be written is, by somebody else.
  expect(await rows.replace({ ...row, version: 2 }, 1, also)).toBe(false);
  await rows.insert({ ...row, version: 2 });
  expect(await rows.replace({ ...row, version: 2 }, 1, also)).toBe(false);
  expect(await rows.insert(row, also)).toBe(false);
  expect(await rows.insert(connectionRow("missed", "a"), also)).toBe(false);
  expect(await eventsOf("missed")).toEqual([]);
  expect(await consentsOf("missed")).toEqual([]);
});

test("records that cannot be stored take the row's write back with them", async () => {
  const row = connectionRow("atomic", "a");
  const broken = { ...event(row, "1"), body: null as unknown as string };
  await expect(rows.insert(row, { events: [event(row, "0"), broken] })).rejects.toThrow("NOT NULL");
  expect(await rows.find(row.owner, row.id)).toBeUndefined();
  expect(await eventsOf("atomic")).toEqual([]);
});

test("a record that arrived with an earlier try is not stored a second time", async () => {
  const row = connectionRow("again", "a");
  await rows.insert(row, { events: [event(row, "1")] });
  const next = { ...row, version: 2 };
  expect(await rows.replace(next, 1, { events: [event(row, "1"), event(next, "2")] })).toBe(true);
  expect(await eventsOf("again")).toEqual([event(row, "1"), event(next, "2")]);
});

test("what waits together keeps its order, and moves with its row's version", () => {
  const row = connectionRow("order", "a");
  const both = together({ events: [event(row, "1")], consents: [consent(row, "1")] }, { events: [event(row, "2")] });
  expect(both?.events?.map(({ id }) => id)).toEqual(["evt_order_1", "evt_order_2"]);
  expect(both?.consents).toHaveLength(1);
  expect(together(undefined, both)).toBe(both);
  expect(laterBy(3, both ?? {}).events?.map(({ version }) => version)).toEqual([4, 4]);
});

const accountsOf = (owner: string) => db.select().from(tables.mailAccounts).where(eq(tables.mailAccounts.owner, owner));

function link({ owner, id: connection }: Connection, at = 7): MailChange {
  const id = newMailAccountId();
  return { link: { id, owner, address: "ana@contoso.example", provider: "outlook", connection, at } };
}

test("a mailbox uses a grant from the moment that the grant is stored, and keeps its password", async () => {
  const row = connectionRow("mail-link", "a");
  expect(await rows.insert(row, { mail: [link(row)] })).toBe(true);
  expect(await accountsOf("mail-link")).toMatchObject([{ authMethod: "oauth", connection: row.id, version: 1 }]);
  await db.update(tables.mailAccounts).set({ password: "sealed" }).where(eq(tables.mailAccounts.owner, "mail-link"));
  const gone = { ...row, version: 2 };
  const unlink = { unlink: { owner: row.owner, connection: row.id, at: 8 } };
  expect(await rows.replace(gone, 1, { mail: [unlink] })).toBe(true);
  expect(await accountsOf("mail-link")).toMatchObject([
    { authMethod: "password", connection: null, password: "sealed", provider: "outlook", updatedAt: 8, chosenAt: 7 },
  ]);
  expect(await rows.replace({ ...row, version: 3 }, 2, { mail: [link(row, 9)] })).toBe(true);
  expect(await accountsOf("mail-link")).toMatchObject([
    { authMethod: "oauth", connection: row.id, password: "sealed", chosenAt: 9, version: 3 },
  ]);
});

test("where the compare-and-set misses, no mailbox changes its grant", async () => {
  const row = connectionRow("mail-missed", "a");
  await rows.insert(row, { mail: [link(row)] });
  const unlink = { unlink: { owner: row.owner, connection: row.id, at: 8 } };
  expect(await rows.replace({ ...row, version: 3 }, 2, { mail: [unlink] })).toBe(false);
  expect(await accountsOf("mail-missed")).toMatchObject([{ authMethod: "oauth", connection: row.id, version: 1 }]);
  expect(await rows.insert(connectionRow("mail-missed", "a"), { mail: [link(row, 9)] })).toBe(false);
  expect(await accountsOf("mail-missed")).toMatchObject([{ chosenAt: 7, version: 1 }]);
});

test("another owner's mailbox is not touched by the end of a grant", async () => {
  const row = connectionRow("mail-owner", "a");
  await rows.insert(row, { mail: [link({ ...row, owner: connectionRow("mail-other", "a").owner })] });
  const unlink = { unlink: { owner: row.owner, connection: row.id, at: 8 } };
  await rows.replace({ ...row, version: 2 }, 1, { mail: [unlink] });
  expect(await accountsOf("mail-other")).toMatchObject([{ authMethod: "oauth" }]);
});
