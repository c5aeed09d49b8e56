/** Failures that a person can mend, told in one line. */

/** A failure whose message is all that there is to say: no stack is shown. */
export class Trouble extends Error {}

/**
 * What went wrong, in words.
 *
 * @param {unknown} error
 */
export function reasonOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Runs `main`, and turns what it throws into an exit code: one line for a {@link Trouble}, the stack for a defect.
 *
 * @param {() => Promise<number | void>} main Answers with the exit code; 0 where it answers with nothing.
 */
export async function run(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof Trouble ? error.message : error);
    process.exitCode = 1;
  }
}
