/** The layer rules, tried on a planted tree: every import that a layer may make and every one that it may not. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const OXLINT = path.join(ROOT, "node_modules/.bin/oxlint");
const CONFIGURATION = [".oxlintrc.json", "layers.oxlintrc.json"];

const BELOW_CONNECTIONS = ["lib", "providers", "db", "system.ts"];
const BELOW_USES = [...BELOW_CONNECTIONS, "connections", "graph"];
const BELOW_EDGES = [...BELOW_USES, "calendar", "mail", "directory"];

/** What each layer may import beside itself; what is not named it may not. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  lib: [],
  providers: ["lib"],
  db: ["lib"],
  "system.ts": ["lib", "providers", "db"],
  connections: BELOW_CONNECTIONS,
  graph: [...BELOW_CONNECTIONS, "connections"],
  calendar: BELOW_USES,
  mail: BELOW_USES,
  directory: BELOW_USES,
  objects: BELOW_EDGES,
  jobs: BELOW_EDGES,
  routes: BELOW_EDGES,
  "app.ts": [...BELOW_EDGES, "system.ts", "objects", "jobs", "routes"],
  "index.ts": [...BELOW_EDGES, "objects", "jobs", "routes", "app.ts"],
};
const LAYERS = Object.keys(MAY_IMPORT);

const planted: string[] = [];
afterAll(() => {
  for (const folder of planted) rmSync(folder, { recursive: true, force: true });
});

/** Writes a tree of files that only import, and answers with `file: import` for what the layer rules refuse. */
function refused(files: Readonly<Record<string, readonly string[]>>): string[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), "layers-"));
  planted.push(folder);
  for (const name of CONFIGURATION) copyFileSync(path.join(ROOT, name), path.join(folder, name));
  for (const [name, imports] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), imports.map((from) => `import "${from}";\n`).join(""));
  }
  const { stdout } = spawnSync(OXLINT, ["-f", "unix", "src"], { cwd: folder, encoding: "utf8" });
  expect(stdout).toContain("problem");
  const lines = stdout.split("\n").filter((line) => line.includes("no-restricted-imports"));
  return lines.map(importAt(files)).toSorted();
}

/** Turns `file:line:column: message` into `file: import`. */
function importAt(files: Readonly<Record<string, readonly string[]>>): (line: string) => string {
  return (line) => {
    const [name = "", at = ""] = line.split(":");
    return `${name}: ${files[name]?.[Number(at) - 1] ?? line}`;
  };
}

/** The files of `layer`, at its top and one folder into it, with the way from there to src. */
function filesOf(layer: string): [file: string, toSource: string][] {
  if (layer.endsWith(".ts")) return [[`src/${layer}`, "."]];
  return [
    [`src/${layer}/planted.ts`, ".."],
    [`src/${layer}/deep/planted.ts`, "../.."],
  ];
}

function importsFrom(layer: string, toSource: string, which: (target: string) => boolean): string[] {
  const targets = LAYERS.filter((target) => target !== layer && which(target));
  return targets.map((target) => (target.endsWith(".ts") ? `${toSource}/${target}` : `${toSource}/${target}/thing.ts`));
}

test("every layer may import what is left of it and nothing else", () => {
  const tree: Record<string, string[]> = {};
  const forbidden: string[] = [];
  for (const layer of LAYERS) {
    for (const [file, toSource] of filesOf(layer)) {
      tree[file] = importsFrom(layer, toSource, () => true);
      const refusals = importsFrom(layer, toSource, (target) => !MAY_IMPORT[layer]?.includes(target));
      forbidden.push(...refusals.map((imported) => `${file}: ${imported}`));
    }
  }
  expect(forbidden.length).toBeGreaterThan(100);
  expect(refused(tree)).toEqual(forbidden.toSorted());
});

test("one planted violation is found in a tree that is clean otherwise", () => {
  const clean = {
    "src/graph/a.ts": ["./b.ts", "../connections/use.ts"],
    "src/graph/deep/c.ts": ["../b.ts", "./d.ts", "../../lib/log.ts"],
    // An unrelated complaint, so that the linter is seen to have run.
    "src/calendar/e.ts": ["./e.ts"],
  };
  expect(refused(clean)).toEqual([]);
  const violated = { ...clean, "src/lib/f.ts": ["../db/schema.ts"] };
  expect(refused(violated)).toEqual(["src/lib/f.ts: ../db/schema.ts"]);
});

test("every folder of src is a layer with a rule", () => {
  const folders = readdirSync(path.join(ROOT, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(LAYERS).toEqual(expect.arrayContaining(folders.map((folder) => folder.name)));
});
