import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { checkMigrations } from "../../scripts/check-migrations.mjs";

function migration(sql: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "migrations-"));
  writeFileSync(path.join(folder, "0007_change.sql"), sql);
  return folder;
}

test("a migration that drops a table is refused with its name and line", () => {
  const folder = migration("CREATE TABLE a (b);\n--> statement-breakpoint\ndrop  table `a`;\n");
  expect(() => checkMigrations(folder)).toThrow("migrations/0007_change.sql, line 3: DROP TABLE");
});

test("a migration that only adds passes, whatever its comments say", () => {
  expect(() => checkMigrations(migration("-- never DROP TABLE\nALTER TABLE a ADD c text;\n"))).not.toThrow();
});

test("our own migrations pass", () => {
  expect(() => checkMigrations(path.join(import.meta.dirname, "../../migrations"))).not.toThrow();
});
