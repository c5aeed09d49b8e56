import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { connectionRows } from "../../src/db/connections.ts";
import { openDatabase } from "../../src/db/database.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { Owner } from "../../src/lib/ids.ts";
import { connectionRow as row } from "./rows.ts";

const rows = connectionRows(openDatabase(env.DB), tablesFor("main"));
const beta = connectionRows(openDatabase(env.DB), tablesFor("beta"));

test("a write that expects another version than is stored changes nothing", async () => {
  const first = row("cas", "a");
  expect(await rows.insert(first)).toBe(true);
  expect(await rows.replace({ ...first, version: 2, scopes: ["newer"] }, 1)).toBe(true);
  expect(await rows.replace({ ...first, version: 2, scopes: ["older"] }, 1)).toBe(false);
  expect(await rows.find(first.owner, first.id)).toMatchObject({ version: 2, scopes: ["newer"] });
});

test("an account that is there already is not added a second time", async () => {
  const first = row("twice", "a");
  expect(await rows.insert(first)).toBe(true);
  expect(await rows.insert(row("twice", "a"))).toBe(false);
  expect(await rows.insert(row("twice", "b"))).toBe(true);
  expect(await rows.listOf(first.owner)).toHaveLength(2);
});

test("another owner's id finds, replaces and notes nothing, nor does the other system", async () => {
  const mine = row("mine", "a");
  const thief = Owner.parse("thief");
  await rows.insert(mine);
  expect(await rows.find(thief, mine.id)).toBeUndefined();
  expect(await rows.replace({ ...mine, owner: thief, version: 2 }, 1)).toBe(false);
  await rows.note(thief, mine.id, { usedAt: 99, failures: 9 });
  expect(await beta.find(mine.owner, mine.id)).toBeUndefined();
  expect(await rows.find(mine.owner, mine.id)).toEqual(mine);
});

test("a note of a use leaves the version alone and never goes back in time", async () => {
  const noted = row("noted", "a");
  await rows.insert(noted);
  await rows.note(noted.owner, noted.id, { usedAt: 50 });
  await rows.note(noted.owner, noted.id, { usedAt: 40, failures: 2, lastFailure: "provider_timeout" });
  const found = await rows.find(noted.owner, noted.id);
  expect(found).toEqual({ ...noted, lastUsedAt: 50, refreshFailures: 2, lastFailure: "provider_timeout" });
  // What a refresh writes leaves the time of use to the notes.
  await rows.replace({ ...noted, version: 2, lastUsedAt: 1 }, 1);
  expect((await rows.find(noted.owner, noted.id))?.lastUsedAt).toBe(50);
});
