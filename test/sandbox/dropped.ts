import type { Hono } from "hono";

/** Thrown out of the app's fetch when a fault says that no answer may arrive. */
export class DroppedAnswer extends Error {
  override name = "DroppedAnswer";
}

/**
 * Calls the app as `fetch` calls a server: a dropped answer is the TypeError of a lost connection, and an
 * aborted signal rejects with its reason while the work goes on, as it would at a provider.
 */
export async function sandboxFetch(app: Hono, input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  request.signal.throwIfAborted();
  const answered = (async () => app.fetch(withoutSignal(request)))();
  try {
    return await Promise.race([answered, aborted(request.signal)]);
  } catch (error) {
    if (error instanceof DroppedAnswer) throw new TypeError("network error", { cause: error });
    throw error;
  }
}

function withoutSignal(request: Request): Request {
  return new Request(request, { signal: null });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
