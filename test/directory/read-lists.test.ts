import { expect, test } from "vitest";
import { ask, idsOf, type Shown, walk } from "./reading.ts";
import { seed, SEEDED_UNTIL, seededId } from "./seed.ts";
import { inDirectory } from "./writing.ts";

const SIZE = { users: 400, groups: 60, members: 1_500, devices: 250, signIns: 300, nested: 0 };
const DAY_MS = 86_400_000;
const time = (value: unknown) => Date.parse(String(value));
const last = (user: Shown) =>
  Math.max(
    ...["last_sign_in_at", "last_non_interactive_at", "last_success_at"].map((name) =>
      user[name] === null ? 0 : time(user[name]),
    ),
  );
const named =
  (prefix: string, ...fields: string[]) =>
  (row: Shown) =>
    fields.some((field) =>
      String(row[field] ?? "")
        .toLowerCase()
        .startsWith(prefix),
    );

/** A query, and which of all rows it must give. */
const FILTERS: readonly [list: string, query: string, matches: (row: Shown) => boolean][] = [
  ["users", "department=sales", (user) => user["department"] === "Sales"],
  ["users", "department=SALES&department=it", (user) => ["Sales", "IT"].includes(String(user["department"]))],
  ["users", "department=nowhere", () => false],
  ["users", "department=", (user) => user["department"] === null],
  ["users", "enabled=false", (user) => user["enabled"] === false],
  ["users", "type=guest&enabled=true", (user) => user["type"] === "Guest" && user["enabled"] === true],
  ["users", "on_premises=true&city=oslo", (user) => user["on_premises"] === true && user["city"] === "Oslo"],
  ["users", "given_name=%C3%A9lodie", (user) => user["given_name"] === "Élodie"],
  ["users", "given_name=JOS%C3%89", (user) => user["given_name"] === "José"],
  ["users", "created_at_before=2026-01-01T00:00:00Z", (user) => time(user["created_at"]) < Date.UTC(2026, 0, 1)],
  ["users", "created_at_after=2026-01-01T01:00:00%2B01:00", (user) => time(user["created_at"]) >= Date.UTC(2026, 0, 1)],
  ["users", "licence=ems", (user) => JSON.stringify(user["licences"]).includes("EMS")],
  ["users", "licence=sku-0", (user) => JSON.stringify(user["licences"]).includes("sku-0")],
  ["users", "licence=sku", () => false],
  ["users", "licence=", (user) => (user["licences"] ?? []).toString() === ""],
  ["users", `manager=${seededId(3)}`, (user) => (user["manager"] as Shown | null)?.["id"] === seededId(3)],
  ["users", "manager=", (user) => user["manager"] === null],
  ["users", "manager=nobody", () => false],
  ["users", "inactive_days=30", (user) => user["enabled"] === true && last(user) < SEEDED_UNTIL - 30 * DAY_MS],
  ["users", "never_signed_in=true", (user) => last(user) === 0],
  ["users", "never_signed_in=false", (user) => last(user) > 0],
  ["users", "q=ANA", named("ana", "name", "address", "upn")],
  ["users", "q=%C3%89LODIE+a", named("élodie a", "name", "address", "upn")],
  ["users", "q=bo.haas", named("bo.haas", "name", "address", "upn")],
  ["users", "q=%25", () => false],
  ["users", "q=An_", () => false],
  ["users", "q=ana&department=it", (user) => named("ana", "name")(user) && user["department"] === "IT"],
  ["users", `id=${seededId(5)}&id=${seededId(6)}&id=nobody`, ({ id }) => id === seededId(5) || id === seededId(6)],
  ["groups", "kind=m365&dynamic=false", (group) => group["kind"] === "m365" && group["dynamic"] === false],
  ["groups", "q=sales+team+1", named("sales team 1", "name", "mail")],
  ["groups", "q=team5", named("team5", "name", "mail")],
  [
    "devices",
    "os=WINDOWS&compliance=noncompliant",
    (one) => one["os"] === "Windows" && one["compliance"] === "noncompliant",
  ],
  ["devices", "compliance=", (device) => device["compliance"] === null],
  ["devices", "managed=false", (device) => device["intune_id"] === null],
  ["devices", "managed=true", (device) => device["managed"] === true],
  ["devices", `user=${seededId(9)}`, (device) => (device["user"] as Shown | null)?.["id"] === seededId(9)],
  ["devices", "storage_total=256000000000&encrypted=true", (device) => device["encrypted"] === true],
  ["devices", "q=s12", named("s12", "name", "serial")],
  ["audit/sign-ins", "result=failure", (row) => row["error_code"] !== 0],
  ["audit/sign-ins", "result=success&ip=192.0.2.7", (row) => row["error_code"] === 0 && row["ip"] === "192.0.2.7"],
  ["audit/sign-ins", "error_code=50126&error_code=53003", (row) => [50126, 53003].includes(Number(row["error_code"]))],
  ["audit/sign-ins", `user=${seededId(9)}`, (row) => (row["user"] as Shown)["id"] === seededId(9)],
  ["audit/sign-ins", "id=s7", ({ id }) => id === "s7"],
  ["audit/sign-ins", "at_after=2026-11-20T11:40:00Z", (row) => time(row["at"]) >= Date.UTC(2026, 10, 20, 11, 40)],
];

test("a filter gives exactly the rows that it is true of, on every size of page, and counts them", async () => {
  await inDirectory((sql) => {
    seed(sql, SIZE);
    for (const [list, query, matches] of FILTERS) {
      const expected = idsOf(walk(sql, list, { limit: 1_000 }).filter(matches));
      expect(idsOf(walk(sql, `${list}?${query}`, { limit: 7 })), `${list}?${query}`).toEqual(expected);
      expect(idsOf(walk(sql, `${list}?${query}`, { limit: 1_000 })), `${list}?${query}`).toEqual(expected);
      expect(ask(sql, `${list}?${query}&count=true&limit=1`).count, `${list}?${query}`).toBe(expected.length);
    }
    // A filter that is true of nothing tests nothing: most of them are true of something.
    const some = FILTERS.filter(([list, query]) => ask(sql, `${list}?${query}`).rows.length > 0);
    expect(some.length).toBeGreaterThan(FILTERS.length - 8);
  });
});

test("users by a group they are in, and by whether they have devices", async () => {
  await inDirectory((sql) => {
    seed(sql, SIZE);
    const group = seededId(SIZE.users + 40);
    const members = walk(sql, `groups/${group}/members?type=user`).map(({ id }) => String(id));
    expect(members.length).toBeGreaterThan(10);
    expect(idsOf(walk(sql, `users?group=${group}`)).toSorted()).toEqual(members.toSorted());
    const owners = new Set(walk(sql, "devices", { limit: 1_000 }).map(({ user }) => (user as Shown | null)?.["id"]));
    const all = walk(sql, "users", { limit: 1_000 });
    expect(idsOf(walk(sql, "users?has_devices=true"))).toEqual(idsOf(all.filter(({ id }) => owners.has(id))));
    expect(idsOf(walk(sql, "users?has_devices=false"))).toEqual(idsOf(all.filter(({ id }) => !owners.has(id))));
  });
});

const SORTS: readonly [list: string, field: string][] = [
  ["users", "name"],
  ["users", "address"],
  ["users", "department"],
  ["users", "enabled"],
  ["users", "last_sign_in_at"],
  ["users", "created_at"],
  ["groups", "kind"],
  ["devices", "compliance"],
  ["devices", "storage_total"],
  ["audit/sign-ins", "at"],
];

test("a sort orders all rows, what has no value first, and the other way round", async () => {
  await inDirectory((sql) => {
    seed(sql, SIZE);
    for (const [list, field] of SORTS) {
      const up = walk(sql, `${list}?sort=${field}`, { limit: 23 });
      expect(up.length).toBeGreaterThan(0);
      expect(idsOf(walk(sql, `${list}?sort=-${field}`, { limit: 17 })), field).toEqual(idsOf(up).toReversed());
      const keys = up.map((row) => row[field]);
      for (const [index, key] of keys.slice(1).entries())
        expect(inOrder(keys[index], key), `${list} ${field}`).toBe(true);
      expect(new Set(idsOf(up)).size).toBe(up.length);
    }
  });
});

function inOrder(before: unknown, after: unknown): boolean {
  if (before === null) return true;
  if (after === null) return false;
  if (typeof before === "string" && typeof after === "string") return fold(before) <= fold(after);
  return Number(before) <= Number(after);
}

const fold = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

test("only the fields that are asked for are shown, in their order", async () => {
  await inDirectory((sql) => {
    seed(sql, SIZE);
    const [user = {}] = ask(sql, "users?fields=manager,name,id,licences&limit=1&q=ana").rows;
    expect(Object.keys(user)).toEqual(["manager", "name", "id", "licences"]);
    expect(user["manager"] === null || Object.keys(user["manager"] as Shown).join()).toBe("id,name,address");
  });
});

test("a manager who has not arrived yet is known by the id, and one who has gone is nobody", async () => {
  await inDirectory((sql) => {
    seed(sql, SIZE);
    sql.run("INSERT INTO nodes (n, id, type) VALUES (9000, 'awaited', 1)");
    sql.run("UPDATE users SET manager_n = 9000 WHERE n = 1");
    sql.run("UPDATE users SET manager_n = 7 WHERE n = 2");
    sql.run("UPDATE users SET gone_at = 1, gone = 'soft' WHERE n = 7");
    const managers = ask(sql, `users?id=${seededId(1)}&id=${seededId(2)}`).rows.map(({ id, manager }) => [id, manager]);
    expect(Object.fromEntries(managers)).toEqual({
      [seededId(1)]: { id: "awaited", name: null, address: null },
      [seededId(2)]: null,
    });
    expect(idsOf(walk(sql, "users", { limit: 1_000 }))).not.toContain(seededId(7));
  });
});

test("a log of more rows than a page looks at gives all of them, on pages that may be empty", async () => {
  await inDirectory((sql) => {
    seed(sql, { ...SIZE, signIns: 120_000 });
    sql.run("UPDATE sign_ins SET ip = 'rare' WHERE s IN (5, 60000, 119999)");
    const first = ask(sql, "audit/sign-ins?ip=rare&limit=2");
    expect(idsOf(first.rows)).toEqual(["s119999"]);
    expect(first.next).toBeDefined();
    expect(idsOf(walk(sql, "audit/sign-ins?ip=rare", { limit: 2 }))).toEqual(["s119999", "s60000", "s5"]);
    expect(ask(sql, "audit/sign-ins?ip=rare&count=true").count).toBe(3);
  });
});
