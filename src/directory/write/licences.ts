/** The tenant's licences: one page that says all of them. */
import type { Sql } from "../store/sql.ts";
import { differing, insertRows, runOver, type Values } from "./bulk.ts";
import { columnsOf, text, valuesOf, whole } from "./columns.ts";
import { readItems } from "./item.ts";
import type { PageInput, PageResult } from "./page.ts";

const COLUMNS = columnsOf({
  name: ["skuPartNumber", text],
  status: ["capabilityStatus", text],
  consumed: ["consumedUnits", whole],
  enabled: ["prepaidUnits.enabled", whole],
  suspended: ["prepaidUnits.suspended", whole],
  warning: ["prepaidUnits.warning", whole],
});
const NAMES = COLUMNS.map(({ column }) => column);

/** Makes the table what the page says; with an item that could not be read nothing is taken away. */
export function writeLicences(sql: Sql, page: PageInput): PageResult {
  const { read, setAside } = readItems(
    page.items,
    (item, id): Values & { id: string } => ({ ...valuesOf(item, COLUMNS), id }),
    "skuId",
  );
  const told = new Map(read.map((row) => [row.id, row]));
  const stored = new Map(
    sql.all<Values & { id: string }>(`SELECT id, ${NAMES.join(", ")} FROM licences`).map((row) => [row.id, row]),
  );
  const news = [...told.values()].filter((row) => {
    const before = stored.get(row.id);
    return !before || differing(NAMES, before, row).length > 0;
  });
  const ended = setAside.length > 0 ? [] : [...stored.keys()].filter((id) => !told.has(id));
  runOver(sql, "DELETE FROM licences WHERE id IN (SELECT value FROM json_each(?))", [
    ...ended,
    ...news.map(({ id }) => id),
  ]);
  insertRows(sql, { table: "licences", columns: ["id", ...NAMES] }, news);
  return { seen: read.length, written: news.length + ended.length, staged: 0, setAside };
}
