/** Work on many things, a few at once. */

/** Runs `act` on every item, `atOnce` of them at a time, and gives what came of each in the order of the items. The first error ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: [number, R][] = [];
  const waiting = items.entries();
  const take = async () => {
    for (const [index, item] of waiting) results.push([index, await act(item)]);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, take));
  return results.toSorted(([left], [right]) => left - right).map(([, result]) => result);
}
