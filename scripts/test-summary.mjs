/** Counts what vitest's JSON report says. No I/O. */

/** @typedef {{ status: string, assertionResults: readonly unknown[] }} TestFile */
/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: readonly TestFile[] }} Report */
/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * A file that failed before its first test, for example on an import, counts as one failed test.
 *
 * @param {Report} report
 * @returns {Counts}
 */
export function countTests(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @param {Counts} counts */
export function summaryLine({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}
