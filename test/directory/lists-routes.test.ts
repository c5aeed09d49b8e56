import { expect, test } from "vitest";
import { type Route, withstands } from "../routes/security.ts";
import { call } from "../support.ts";
import { adminOf, read } from "./connecting.ts";
import { base, connected, get, type Rows, SIZE } from "./copied.ts";
import { SEEDED_UNTIL, seededId } from "./seed.ts";

const PATHS = [
  "/users",
  "/users/u1",
  "/users/u1/groups",
  "/groups",
  "/groups/g1",
  "/groups/g1/members",
  "/groups/g1/owners",
  "/devices",
  "/devices/d1",
  "/audit/sign-ins",
  "/audit/directory",
  "/audit/alerts",
  "/changes",
  "/insights",
];

for (const path of ["/users", "/groups/g1/members", "/insights"]) {
  const limit = { name: "directory-read", quota: 300, windowS: 60 };
  const route: Route = { method: "GET", base, path, role: "tenant_admin", org: "secure-lists", limit };
  withstands(route);
}

test.each(PATHS)("%s needs an organisation, and one that has connected a tenant", async (path) => {
  const nobody = await read(await call(base + path, { sub: "nobody's", roles: ["tenant_admin"] }));
  expect(nobody).toMatchObject({ status: 403, code: "forbidden" });
  const unconnected = await read(await call(base + path, adminOf("never-connected")));
  expect(unconnected).toMatchObject({ status: 404, code: "not_connected", authorize_path: "/v1/microsoft/setup" });
});

test("a list is turned page by page, and its cursor is good for that list, filter and order alone", async () => {
  await connected("turner", 501);
  const seen: unknown[] = [];
  let cursor: unknown;
  let pages = 0;
  do {
    const more: string = typeof cursor === "string" ? `&cursor=${cursor}` : "";
    const page = await get("turner", `/users?enabled=true&sort=-name&limit=500&fields=id${more}`);
    seen.push(...(page["users"] as Rows).map(({ id }) => id));
    cursor = page["next_cursor"];
    pages += 1;
  } while (cursor);
  expect(pages).toBe(5);
  const whole = await get("turner", "/users?enabled=true&count=true&limit=1");
  expect([seen.length, new Set(seen).size]).toEqual([whole["count"], whole["count"]]);

  const first = (await get("turner", "/users?enabled=true&sort=-name&limit=1"))["next_cursor"];
  const others = [
    "/users?sort=-name",
    "/users?enabled=false&sort=-name",
    "/users?enabled=true",
    "/users?enabled=true&sort=-name&q=a",
    `/users?enabled=true&sort=-name&as_of=${new Date().toISOString()}`,
    "/devices?enabled=true&sort=-name",
  ];
  for (const other of others) {
    const refused = await get("turner", `${other}&cursor=${String(first)}`);
    expect(refused).toMatchObject({ status: 422, code: "validation_failed", errors: [{ path: "cursor" }] });
  }
  for (const bad of ["nonsense", "%00", "e30"])
    expect(await get("turner", `/users?cursor=${bad}`)).toMatchObject({ status: 422, errors: [{ path: "cursor" }] });
  // Another page size, other fields and a count do not change where a page begins.
  const on = await get("turner", `/users?enabled=true&sort=-name&limit=3&fields=id&count=true&cursor=${String(first)}`);
  expect((on["users"] as Rows).map(({ id }) => id)).toEqual(seen.slice(1, 4));
});

test("single objects are found by their id, devices by each of theirs, and others are not", async () => {
  await connected("finder", 502);
  expect(await get("finder", `/users/${seededId(3)}?fields=id,name`)).toMatchObject({ status: 200, id: seededId(3) });
  const device = await get("finder", `/devices/${seededId(2_341)}`);
  expect(device).toMatchObject({ status: 200, id: seededId(2_341) });
  expect(await get("finder", `/devices/${String(device["intune_id"])}/`)).toMatchObject({ id: seededId(2_341) });
  for (const path of [`/users/${seededId(2_341)}`, "/users/nobody", "/groups/%27%20OR%201=1", "/devices/none"])
    expect(await get("finder", path)).toMatchObject({ status: 404, code: "not_found" });
  expect(await get("finder", "/users/x?password=1")).toMatchObject({ status: 422, errors: [{ path: "password" }] });
});

test("what is not known is refused by its name, whatever it is called", async () => {
  await connected("refuser", 503);
  const refused: readonly [string, string][] = [
    ["/users?colour=red", "colour"],
    ["/users?name%3D1)%20OR%201%3D1--=x", "name=1) OR 1=1--"],
    ["/users?gone_at=1", "gone_at"],
    ["/users?__proto__=1", "__proto__"],
    ["/users?constructor=1", "constructor"],
    ["/users?sort=gone_at", "sort"],
    ["/users?sort=name;DROP%20TABLE%20users", "sort"],
    ["/users?sort=name&sort=upn", "sort"],
    ["/users?fields=id,gone_at", "fields"],
    ["/users?enabled=maybe", "enabled"],
    ["/users?inactive_days=0", "inactive_days"],
    ["/users?inactive_days=30&inactive_days=60", "inactive_days"],
    ["/users?created_at_before=yesterday", "created_at_before"],
    ["/users?name_before=2026-01-01T00:00:00Z", "name_before"],
    ["/users?as_of=2026-01-01", "as_of"],
    ["/users?limit=1001", "limit"],
    ["/users?limit=0", "limit"],
    ["/users?q=", "q"],
    ["/users?q=%00", "q"],
    ["/users?format=xml", "format"],
    ["/users?format=csv&limit=5", "limit"],
    ["/users?transitive=true", "transitive"],
    ["/groups/g/owners?transitive=true", "transitive"],
    ["/groups/g/members?type=planet", "type"],
    ["/groups/g/members?sort=address", "sort"],
    ["/audit/sign-ins?as_of=2026-11-20T00:00:00Z", "as_of"],
    ["/audit/sign-ins?sort=ip", "sort"],
    ["/audit/sign-ins?result=maybe", "result"],
    ["/changes?kind=planets", "kind"],
    ["/changes?limit=5&q=a", "q"],
    ["/insights?days=none", "days"],
  ];
  for (const [path, name] of refused) {
    const answer = await get("refuser", path);
    expect(answer, path).toMatchObject({ status: 422, code: "validation_failed" });
    expect(
      (answer["errors"] as Rows).map((error) => error["path"]),
      path,
    ).toContain(name);
  }
  const all = await get("refuser", "/users?colour=red&limit=none&enabled=maybe");
  expect((all["errors"] as Rows).map((error) => error["path"])).toEqual(["limit", "enabled", "colour"]);
});

test("every other path answers too, and one organisation never sees another's", async () => {
  await connected("one", 509);
  await connected("other", 510, (sql) => {
    sql.run("UPDATE users SET name = 'Only Here' WHERE n = 5");
  });
  const group = seededId(SIZE.users + 35);
  const lists: readonly [string, string][] = [
    [`/users/${seededId(1)}/groups?transitive=true`, "groups"],
    [`/groups/${group}/members`, "members"],
    [`/groups/${group}/owners`, "owners"],
    ["/groups", "groups"],
    ["/audit/sign-ins", "sign_ins"],
    ["/audit/directory", "directory_audits"],
    ["/audit/alerts", "alerts"],
    ["/changes", "changes"],
  ];
  for (const [path, name] of lists) {
    const answer = await get("one", path);
    expect(answer, path).toMatchObject({ status: 200, next_cursor: null });
    expect(Array.isArray(answer[name]), path).toBe(true);
  }
  expect(await get("one", "/insights")).toMatchObject({ status: 200, sign_in_failures: { days: 30 } });
  expect((await get("one", "/users?q=only"))["users"]).toEqual([]);
  expect((await get("other", "/users?q=only"))["users"]).toHaveLength(1);
  const past = await get("one", `/users?as_of=${new Date(SEEDED_UNTIL).toISOString()}&limit=1`);
  expect(past["users"]).toHaveLength(1);
});
