/** Calls keepers, a few at once; one that fails stops no other. */
import { inParallel } from "../lib/parallel.ts";
import type { System } from "../system.ts";

/** A Worker may wait for six connections. */
const AT_ONCE = 6;

/** Asks for every item in turn and gives what came of those that answered. `what`: for the log line of one that did not. */
export async function askKeepers<T, R>(
  system: System,
  items: readonly T[],
  { what, ask }: { readonly what: string; readonly ask: (item: T) => Promise<R> },
): Promise<R[]> {
  const answers = await inParallel(items, AT_ONCE, async (item) => {
    try {
      return [await ask(item)];
    } catch (cause) {
      system.log.warn("keeper did not answer", { what, system: system.name, cause });
      return [];
    }
  });
  return answers.flat(1) as R[];
}
