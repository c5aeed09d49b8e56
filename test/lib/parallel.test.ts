import { expect, test } from "vitest";
import { inParallel } from "../../src/lib/parallel.ts";

/** Answers when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

test("results stand in the order of the items, whichever came first", async () => {
  const slow = gate();
  const work = inParallel([1, 2, 3], 3, async (item) => {
    if (item === 1) await slow.opened;
    else slow.open();
    return item * 10;
  });
  expect(await work).toEqual([10, 20, 30]);
});

test("never more than that many at once, and a slow one holds up no other", async () => {
  const first = gate();
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = inParallel([0, 1, 2, 3, 4], 2, async (item) => {
    most = Math.max(most, (running += 1));
    await (item === 0 ? first.opened : Promise.resolve());
    running -= 1;
    done.push(item);
    if (done.length === 4) first.open();
  });
  await work;
  expect(most).toBe(2);
  expect(done).toEqual([1, 2, 3, 4, 0]);
});

test("an error ends it, and nothing to do is done at once", async () => {
  await expect(inParallel([1], 4, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await inParallel([], 4, () => Promise.resolve(1))).toEqual([]);
});
