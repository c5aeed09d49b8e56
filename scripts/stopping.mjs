/** When to stop: on Ctrl-C, on a signal, when the parent is gone, or because something failed. */

const PARENT_CHECK_MS = 500;

/**
 * Aborted, without a reason of ours, when somebody wants this process to end.
 *
 * @returns {AbortController}
 */
export function stopWhenAsked() {
  const stopping = new AbortController();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => stopping.abort());
  }
  // npm waits for its script: where it is gone it was killed, and nobody is left to press Ctrl-C. Started by hand
  // a parent may leave on purpose (nohup).
  if (process.env.npm_lifecycle_event !== undefined) watchParent(stopping);
  return stopping;
}

/** @param {AbortController} stopping */
function watchParent(stopping) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stopping.abort();
  }, PARENT_CHECK_MS).unref();
}

/**
 * Resolves once stopping has begun.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function stopped(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
