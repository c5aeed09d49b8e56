/** The order of the test files: the longest first, so that none of them is left to run alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute or more, wherever nothing is known of an earlier run. */
const LONG = /test\/(?:faults\/faults-|directory-model\/scripts-|e2e\/|openid\/|mail-servers\/)/;

/** Sorts the long ones to the front. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Not an array: the sequencer above us.
    // oxlint-disable-next-line unicorn/no-array-sort
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
