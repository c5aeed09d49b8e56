import { expect, test } from "vitest";
import { countTests, summaryLine } from "../../scripts/test-summary.mjs";
import { outputFilter } from "../../scripts/wrangler-output.mjs";

test("of wrangler's output log lines, warnings and errors are shown, without colours", () => {
  const filter = outputFilter();
  expect(filter('{"level":"INFO","event":"request"}', "out")).toBe('{"level":"INFO","event":"request"}');
  expect(filter("[wrangler:info] Ready on http://localhost:8787", "out")).toBeUndefined();
  const heading = "\u001B[31m✘ \u001B[41;31m[\u001B[41;97mERROR\u001B[41;31m]\u001B[0m \u001B[1m";
  expect(filter(`${heading}{"level":"ERROR"}\u001B[0m`, "err")).toBe('{"level":"ERROR"}');
  expect(filter(`${heading}Build failed\u001B[0m`, "err")).toBe("✘ [ERROR] Build failed");
  expect(filter("    src/index.ts:1:2", "err")).toBe("    src/index.ts:1:2");
});

test("a warning that is not true here is left out with all its lines", () => {
  const filter = outputFilter();
  const lines = [
    "▲ [WARNING] Scheduled Workers are not automatically triggered during local development.",
    "  To manually trigger a scheduled event, run:",
    "",
    "▲ [WARNING] Something else",
    "  and why",
  ];
  const shown = lines.map((line) => filter(line, "err")).filter((line) => line !== undefined);
  expect(shown).toEqual(["▲ [WARNING] Something else", "  and why"]);
});

test("the last line of the tests counts what the report counts", () => {
  const file = { status: "passed", assertionResults: [{}] };
  const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [file] };
  expect(summaryLine(countTests(report))).toBe("3 passed, 1 failed");
  expect(summaryLine(countTests({ ...report, numPendingTests: 2 }))).toBe("3 passed, 1 failed, 2 skipped");
});

test("a test file that cannot even be loaded counts as a failure", () => {
  const testResults = [{ status: "failed", assertionResults: [] }];
  const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults };
  expect(summaryLine(countTests(report))).toBe("3 passed, 1 failed");
});
