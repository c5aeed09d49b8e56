import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ask, idsOf, walk } from "./reading.ts";
import { inDirectory } from "./writing.ts";
import type { Sql } from "../../src/directory/store/sql.ts";

const GROUPS = 8;
const USERS = 8;
const idOf = (n: number) => `node-${n}`;

function empty(sql: Sql): void {
  for (const table of ["nodes", "users", "groups", "edges"]) sql.run(`DELETE FROM ${table}`);
}

/** Groups are 1 to 8, users 9 to 16. */
function write(sql: Sql, edges: readonly (readonly [number, number])[], gone: readonly number[]): void {
  empty(sql);
  for (let n = 1; n <= GROUPS + USERS; n += 1) {
    const isGroup = n <= GROUPS;
    sql.run("INSERT INTO nodes (n, id, type) VALUES (?, ?, ?)", n, idOf(n), isGroup ? 2 : 1);
    sql.run(
      `INSERT INTO ${isGroup ? "groups" : "users"} (n, since, gone_at, name) VALUES (?, 0, ?, ?)`,
      n,
      gone.includes(n) ? 1 : null,
      `Name ${n}`,
    );
  }
  for (const [group, member] of edges)
    sql.run("INSERT OR IGNORE INTO edges (group_n, role, member_n, since) VALUES (?, 1, ?, 0)", group, member);
}

/** The members of a group by a plain search. */
function search(
  edges: readonly (readonly [number, number])[],
  gone: readonly number[],
  from: number,
  up = false,
): Set<number> {
  const found = new Set<number>();
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const [group, member] of edges) {
      const [here, there] = up ? [member, group] : [group, member];
      if (here !== at || gone.includes(there) || found.has(there)) continue;
      found.add(there);
      waiting.push(there);
    }
  }
  found.delete(from);
  return found;
}

const Edges = fc.array(fc.tuple(fc.integer({ min: 1, max: GROUPS }), fc.integer({ min: 1, max: GROUPS + USERS })), {
  maxLength: 40,
});

test("members of members are what a search of the graph finds, each once, circles or not", async () => {
  await inDirectory((sql) => {
    fc.assert(
      fc.property(
        Edges,
        fc.subarray(
          Array.from({ length: 16 }, (_, index) => index + 1),
          { maxLength: 4 },
        ),
        (edges, gone) => {
          const own = edges.filter(([group, member]) => group !== member);
          write(sql, own, gone);
          for (let group = 1; group <= GROUPS; group += 1) {
            if (gone.includes(group)) continue;
            const expected = [...search(own, gone, group)].map(idOf).toSorted();
            const rows = walk(sql, `groups/${idOf(group)}/members?transitive=true`, { limit: 3 });
            expect(idsOf(rows).toSorted()).toEqual(expected);
            const direct = own
              .filter(([of, member]) => of === group && !gone.includes(member))
              .map(([, member]) => idOf(member));
            expect(idsOf(rows.filter(({ direct: is }) => is)).toSorted()).toEqual([...new Set(direct)].toSorted());
            expect(idsOf(walk(sql, `groups/${idOf(group)}/members`, { limit: 2 })).toSorted()).toEqual(
              [...new Set(direct)].toSorted(),
            );
          }
          for (let user = GROUPS + 1; user <= GROUPS + USERS; user += 1) {
            if (gone.includes(user)) continue;
            const above = [...search(own, gone, user, true)].map(idOf).toSorted();
            expect(idsOf(walk(sql, `users/${idOf(user)}/groups?transitive=true`, { limit: 2 })).toSorted()).toEqual(
              above,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("members can be narrowed to a type, to what is direct, and to a beginning", async () => {
  await inDirectory((sql) => {
    write(
      sql,
      [
        [1, 2],
        [1, 9],
        [2, 10],
        [2, 11],
        [2, 1],
      ],
      [],
    );
    sql.run("UPDATE users SET address = 'zoe@contoso.example' WHERE n = 11");
    const ids = (query: string) => idsOf(walk(sql, `groups/${idOf(1)}/members?transitive=true&${query}`));
    expect(ids("type=user")).toEqual([idOf(9), idOf(10), idOf(11)]);
    expect(ids("type=GROUP")).toEqual([idOf(2)]);
    expect(ids("direct=false")).toEqual([idOf(10), idOf(11)]);
    expect(ids("direct=true&type=user")).toEqual([idOf(9)]);
    expect(ids("q=zoe")).toEqual([idOf(11)]);
    expect(ids("q=name+1")).toEqual([idOf(10), idOf(11)]);
    expect(ids("sort=-name")).toEqual([idOf(9), idOf(2), idOf(11), idOf(10)]);
    expect(ask(sql, `groups/${idOf(1)}/members?transitive=true&count=true&limit=1`).count).toBe(4);
  });
});

test("a member without a row is shown by its id and type alone, and an owner is no member", async () => {
  await inDirectory((sql) => {
    write(sql, [[1, 9]], []);
    sql.run("INSERT INTO nodes (n, id, type) VALUES (90, 'an-app', 4)");
    sql.run("INSERT INTO edges (group_n, role, member_n, since) VALUES (1, 1, 90, 0), (1, 2, 10, 0)");
    expect(ask(sql, `groups/${idOf(1)}/members`).rows).toEqual([
      { id: idOf(9), type: "user", name: "Name 9", address: null, direct: true },
      { id: "an-app", type: "servicePrincipal", name: null, address: null, direct: true },
    ]);
    expect(idsOf(ask(sql, `groups/${idOf(1)}/owners`).rows)).toEqual([idOf(10)]);
  });
});

test("the members of a group that is not known, or gone, are not found", async () => {
  await inDirectory((sql) => {
    write(sql, [[1, 9]], [2]);
    for (const id of ["nowhere", idOf(2), idOf(9)])
      expect(() => ask(sql, `groups/${id}/members`)).toThrow("There is no such group.");
    expect(() => ask(sql, `users/nobody/groups`)).toThrow("There is no such user.");
  });
});
