/**
 * Fetches the pages that are copied and drops them, a process of its own: the floor below which no copy can come, and
 * what makes the front keep them. It runs once, tells what it did, and ends.
 */
import { RESOURCES } from "../../src/directory/resources.ts";
import type { LoopOrder } from "./directory-loop.ts";

/** What it did. */
export interface WalkResult {
  readonly elapsedMs: number;
  readonly pages: number;
  readonly bytes: number;
}

process.once("message", (order: Omit<LoopOrder, "file">) => {
  void walk(order).then((result) => process.send?.(result, () => process.exit(0)));
});
process.on("disconnect", () => process.exit(0));

async function walk({ front, token }: Omit<LoopOrder, "file">): Promise<WalkResult> {
  const headers = { Authorization: `Bearer ${token}` };
  const started = performance.now();
  let [pages, bytes] = [0, 0];
  for (const { path, select, top } of [
    RESOURCES.users,
    RESOURCES.groups,
    RESOURCES.devices,
    { ...RESOURCES.managed_devices },
  ].map((one: { path: string; select: readonly string[]; top?: number }) => one)) {
    const query = new URLSearchParams({
      $select: select.join(","),
      ...(top === undefined ? {} : { $top: String(top) }),
    });
    let next: string | undefined = `${front}/v1.0${path}?${query.toString()}`;
    while (next !== undefined) {
      const answer = await fetch(next, { headers });
      const page = Buffer.from(await answer.arrayBuffer());
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${page.toString("utf8", 0, 500)}`);
      pages += 1;
      bytes += page.length;
      next = nextLink(page);
    }
  }
  return { elapsedMs: performance.now() - started, pages, bytes };
}

/** Found without reading the rest: the links stand before or after the objects. */
function nextLink(page: Buffer): string | undefined {
  const pattern = /"@odata\.nextLink":"([^"]+)"/;
  const found =
    pattern.exec(page.toString("utf8", 0, 4_096)) ??
    pattern.exec(page.toString("utf8", Math.max(0, page.length - 4_096)));
  return found?.[1];
}
