/** What the copy tells whoever asks it for the members and owners of its groups. */
import { answer } from "../../src/directory/read/read.ts";
import type { Sql } from "../../src/directory/store/sql.ts";
import { shownGroups } from "./copy.ts";
import { expectedEdges } from "./expected.ts";
import type { Sides } from "./compare.ts";

const ALL_ROWS = 1_000;
const ROLES = { member: 1, owner: 2 } as const;

/** Where the links that are told differ from those of the tenant, in words. `now`: ms. */
export function toldApart({ sql, tenant }: Sides, now: number): string[] {
  const expected = expectedEdges(tenant);
  const told = new Set([...shownGroups(sql).keys()].flatMap((group) => toldOf(sql, group, now)));
  return [
    ...[...expected].filter((edge) => !told.has(edge)).map((edge) => `link ${edge} is not told`),
    ...[...told].filter((edge) => !expected.has(edge)).map((edge) => `link ${edge} is told, and there is none`),
  ];
}

function toldOf(sql: Sql, group: string, now: number): string[] {
  return (["member", "owner"] as const).flatMap((role) => {
    const result = answer(sql, {
      ask: "members",
      group,
      role,
      transitive: false,
      fields: ["id"],
      filters: [],
      search: undefined,
      sort: { field: undefined, descending: false },
      limit: ALL_ROWS,
      after: undefined,
      count: false,
      asOf: undefined,
      now,
    });
    if (!result.ok) return [`${group} ${role}s: ${JSON.stringify(result.failure)}`];
    return result.value.rows.map((row) => `${group} ${ROLES[role]} ${(JSON.parse(row) as { id: string }).id}`);
  });
}
