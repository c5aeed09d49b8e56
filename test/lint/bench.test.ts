import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/paths.mjs";
import { bundle } from "../bench/build.ts";

// The bench is run by hand, and imports sources by names that no type checker follows.
test("the bench's Workers bundle with the sources as they are", async () => {
  const sources = path.join(ROOT, "src", "index.ts");
  for (const file of ["bench/measured-worker.ts", "bench/ladder-worker.ts"])
    expect((await bundle(file, sources)).length).toBeGreaterThan(10_000);
});
