import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ChainHead } from "../../src/connections/chain.ts";
import { type ChainCheck, type ChainProgress, verifyChain } from "../../src/connections/verify-chain.ts";
import { openDatabase } from "../../src/db/database.ts";
import { retention } from "../../src/db/retention.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { Owner } from "../../src/lib/ids.ts";
import { chainOf, keeper, record, recorded, rows } from "./trails.ts";

/** Checks an owner's chain against the head of its keeper. */
function check(
  owner: string,
  head: ChainHead,
  more: { after?: ChainProgress; most?: number } = {},
): Promise<ChainCheck> {
  return verifyChain({ system: "main", owner: Owner.parse(owner), rows, head: async () => head }, more);
}

/** Ten records of an owner, damaged by statements of a thief; ?1 is the owner. */
async function damaged(owner: string, ...statements: string[]): Promise<ChainCheck> {
  const trail = await recorded(owner, 10);
  for (const statement of statements) await env.DB.prepare(statement).bind(owner).run();
  return check(owner, await trail.flush());
}

test("a chain that nobody touched holds, from its first record to the keeper's last", async () => {
  const trail = await recorded("sound", 10);
  const checked = await check("sound", await trail.flush());
  expect(checked).toEqual({ anchored: false, progress: { ...(await trail.flush()), from: 1, records: 10 } });
  expect(await check("nobody", { seq: 0, hash: "" })).toMatchObject({ progress: { records: 0 }, anchored: false });
});

test.each([
  ["actor", "'mallory'"],
  ["at", "at + 1"],
  ["connection", "'con_x'"],
  ["provider", "'google'"],
  ["action", "'connect'"],
  ["outcome", "'failed'"],
  ["code", "'internal'"],
  ["provider_code", "'x'"],
  ["request_id", "null"],
  ["detail", "'{\"a\":1}'"],
  ["id", "'aud_other'"],
  ["hash", "'AAAA'"],
  ["prev_hash", "'AAAA'"],
])("a record whose %s was changed is found", async (column, value) => {
  const owner = `changed-${column}`;
  const { broken } = await damaged(owner, `update audit set ${column} = ${value} where owner = ?1 and seq = 4`);
  expect(broken).toEqual({ seq: 4, fault: "changed" });
});

test("a record that was removed is found, in the middle and at the beginning", async () => {
  const middle = await damaged("removed", "delete from audit where owner = ?1 and seq = 5");
  expect(middle.broken).toEqual({ seq: 5, fault: "missing" });
  const first = await damaged("removed-first", "delete from audit where owner = ?1 and seq = 1");
  expect(first.broken).toEqual({ seq: 1, fault: "missing" });
});

test("a tail that was cut off is found, and a chain that is gone", async () => {
  const tail = await damaged("truncated", "delete from audit where owner = ?1 and seq > 7");
  expect(tail.broken).toEqual({ seq: 8, fault: "truncated" });
  const all = await damaged("emptied", "delete from audit where owner = ?1");
  expect(all.broken).toEqual({ seq: 1, fault: "truncated" });
});

test("two records that changed places are found", async () => {
  const { broken } = await damaged(
    "swapped",
    "update audit set seq = 100 where owner = ?1 and seq = 3",
    "update audit set seq = 3 where owner = ?1 and seq = 6",
    "update audit set seq = 6 where owner = ?1 and seq = 100",
  );
  expect(broken).toEqual({ seq: 3, fault: "changed" });
});

test("a tail that was written anew as a sound chain is found: the keeper knows its own last hash", async () => {
  const trail = await recorded("rewritten", 10);
  const head = await trail.flush();
  await env.DB.prepare("delete from audit where owner = 'rewritten' and seq > 5").run();
  // Whoever can write D1 can compute hashes too.
  const forger = keeper("rewritten");
  const [fifth] = (await chainOf(trail.owner)).slice(-1);
  forger.stored.set("audit_head", { seq: 5, hash: fifth?.hash });
  const forged = forger.live();
  for (let index = 0; index < 5; index += 1) await forged.append(record(trail.owner, { actor: "mallory" }));
  await forged.flush();
  expect((await check("rewritten", head)).broken).toEqual({ seq: 10, fault: "rewritten" });
  // A record that is sound in itself and follows another one.
  await env.DB.prepare("delete from audit where owner = 'rewritten' and seq = 6").run();
  const other = keeper("rewritten");
  other.stored.set("audit_head", { seq: 5, hash: "AAAA" });
  await other.live().append(record(trail.owner));
  await other.behind();
  expect((await check("rewritten", head)).broken).toEqual({ seq: 6, fault: "unlinked" });
});

test("a record that the keeper has not written is found", async () => {
  const trail = await recorded("added", 3);
  const head = await trail.flush();
  await trail.append(record(trail.owner));
  await trail.flush();
  expect((await check("added", head)).broken).toEqual({ seq: 4, fault: "added" });
});

test("a record of another owner or system does not fit in", async () => {
  const trail = await recorded("moved", 3);
  await recorded("moved-from", 3);
  await env.DB.prepare("delete from audit where owner = 'moved' and seq = 2").run();
  await env.DB.prepare("update audit set owner = 'moved' where owner = 'moved-from' and seq = 2").run();
  expect((await check("moved", await trail.flush())).broken).toEqual({ seq: 2, fault: "changed" });
  const beta = await recorded("in-beta", 1);
  const head = await beta.flush();
  const crossed = await verifyChain({ system: "beta", owner: beta.owner, rows, head: async () => head });
  expect(crossed.broken).toEqual({ seq: 1, fault: "changed" });
});

test("a long chain is checked in parts, and what is wrong in a later part is found there", async () => {
  const trail = await recorded("parts", 10);
  const head = await trail.flush();
  const first = await check("parts", head, { most: 4 });
  expect(first.next).toMatchObject({ from: 1, seq: 4, records: 4 });
  const second = await check("parts", head, { most: 4, ...(first.next && { after: first.next }) });
  expect(second.next).toMatchObject({ from: 1, seq: 8, records: 8 });
  const third = await check("parts", head, { most: 4, ...(second.next && { after: second.next }) });
  expect(third).toMatchObject({ progress: { from: 1, seq: 10, records: 10 } });
  expect(third.next).toBeUndefined();
  await env.DB.prepare("update audit set actor = 'mallory' where owner = 'parts' and seq = 9").run();
  const broken = await check("parts", head, { most: 4, ...(second.next && { after: second.next }) });
  expect(broken.broken).toEqual({ seq: 9, fault: "changed" });
});

test("records from before the chain are outside of it", async () => {
  const { owner } = await recorded("legacy", 2);
  await env.DB.prepare(
    "insert into audit (id, at, actor, owner, provider, action, outcome) values ('aud_old', 1, 'ana', ?1, 'microsoft', 'connect', 'ok')",
  )
    .bind(owner)
    .run();
  const head = (await chainOf(owner)).at(-1);
  expect(await check("legacy", { seq: 2, hash: head?.hash ?? "" })).toMatchObject({ progress: { records: 2 } });
  expect(await rows.list({ owner }, { limit: 10 })).toHaveLength(3);
});

test("a chain that was shortened holds behind its anchor, and not without it", async () => {
  const { shorten } = retention(openDatabase(env.DB), tablesFor("main"));
  const trail = await recorded("shortened", 10, 0);
  const head = await trail.flush();
  expect(await shorten("shortened", 5_000, 3)).toBe(3);
  expect(await shorten("shortened", 5_000, 3)).toBe(2);
  expect(await shorten("shortened", 5_000, 3)).toBe(0);
  expect(await check("shortened", head)).toMatchObject({ anchored: true, progress: { from: 6, seq: 10, records: 5 } });
  expect((await check("shortened", head)).broken).toBeUndefined();
  expect(await rows.anchor(trail.owner)).toMatchObject({ seq: 5, at: 4_000, removed: 5 });
  // One record more than the anchor stands for.
  await env.DB.prepare("delete from audit where owner = 'shortened' and seq = 6").run();
  expect((await check("shortened", head)).broken).toEqual({ seq: 6, fault: "missing" });
  await env.DB.prepare("delete from audit_anchors where owner = 'shortened'").run();
  expect((await check("shortened", head)).broken).toEqual({ seq: 1, fault: "missing" });
});

test("a chain of which nothing is left holds, and one that is shortened while it is checked", async () => {
  const { shorten } = retention(openDatabase(env.DB), tablesFor("main"));
  const trail = await recorded("aged", 4, 0);
  const head = await trail.flush();
  const owner = trail.owner;
  let shortened = 0;
  const racing = {
    ...rows,
    async chain(...range: Parameters<typeof rows.chain>) {
      if (shortened === 0) shortened = await shorten("aged", 2_000, 10);
      return rows.chain(...range);
    },
  };
  const raced = await verifyChain({ system: "main", owner, rows: racing, head: async () => head });
  expect(raced.broken).toBeUndefined();
  expect(raced.progress.seq).toBe(4);
  expect(await shorten("aged", 10_000, 10)).toBe(2);
  expect(await check("aged", head)).toMatchObject({ anchored: true, progress: { seq: 4, records: 0 } });
  // The chain goes on behind what is gone.
  await trail.append(record(owner));
  expect(await check("aged", await trail.flush())).toMatchObject({ progress: { seq: 5, records: 1 } });
});
