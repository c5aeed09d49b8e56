/**
 * Refuses a migration that drops a table. drizzle-kit rebuilds a table for many a change; on D1 that fires the
 * cascades of the tables that refer to it and still reports success.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { run, Trouble } from "./exit.mjs";
import { ROOT } from "./paths.mjs";

/**
 * Names the first migration in `folder` that drops a table, and the line.
 *
 * @param {string} folder
 * @throws {Trouble}
 */
export function checkMigrations(folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".sql"))) {
    const sql = readFileSync(path.join(folder, name), "utf8").replace(/--.*$/gm, "");
    const at = sql.search(/\bdrop\s+table\b/i);
    if (at < 0) continue;
    const line = sql.slice(0, at).split("\n").length;
    throw new Trouble(`migrations/${name}, line ${line}: DROP TABLE loses rows on D1. Add to the schema instead.`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await run(async () => checkMigrations(path.join(ROOT, "migrations")));
}
