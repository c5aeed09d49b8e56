import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/paths.mjs";
import { VARIABLES } from "../../src/lib/config-variables.ts";
import { EVENT_TYPES } from "../../src/lib/config-webhooks.ts";
import { FEATURES } from "../../src/lib/features.ts";
import { CAUSES } from "../../src/mail/verify/causes.ts";
import { LIMITS } from "../../src/lib/limits.ts";

const README = readFileSync(path.join(ROOT, "README.md"), "utf8");
const MAIL = readFileSync(path.join(ROOT, "docs/mail.md"), "utf8");
const PROVIDERS = readFileSync(path.join(ROOT, "docs/providers.md"), "utf8");

/** Every name between backticks. */
const namesIn = (text: string) => new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name));

test("README names every variable, its other names and every bucket of RATE_LIMITS", () => {
  const names = namesIn(README);
  const variables = Object.entries(VARIABLES).flatMap(([name, spec]) => [
    name,
    ...("aliases" in spec ? spec.aliases : []),
  ]);
  expect(variables.filter((name) => !names.has(name))).toEqual([]);
  expect(Object.keys(LIMITS).filter((bucket) => !names.has(bucket))).toEqual([]);
});

test("README names every event", () => {
  const names = namesIn(README);
  const brief = (type: string) => type.replace("connection", "");
  expect(EVENT_TYPES.filter((type) => !names.has(type) && !names.has(brief(type)))).toEqual([]);
});

test("docs/providers.md names every feature", () => {
  const names = namesIn(PROVIDERS);
  expect(Object.keys(FEATURES).filter((feature) => !names.has(feature))).toEqual([]);
});

test("docs/mail.md names every cause of a login that failed, with who mends it", () => {
  const rows = new Map([...MAIL.matchAll(/^\| `(\w+)` +\| `(\w+)`/gm)].map(([, cause, mend]) => [cause, mend]));
  rows.delete("cause");
  expect(rows).toEqual(new Map(Object.entries(CAUSES).map(([cause, [mend]]) => [cause, mend])));
});

test("every link between the documents leads to a file", () => {
  for (const [from, text] of [
    ["", README],
    ["docs", PROVIDERS],
    ["docs", MAIL],
  ] as const) {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link = ""]) => link);
    for (const link of links) expect(() => readFileSync(path.join(ROOT, from, link))).not.toThrow();
  }
});
