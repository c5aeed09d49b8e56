/** Calls of a caller's keeper. */
import { failure, type Result, unwrap } from "../lib/errors.ts";
import { ConnectionId, type Owner } from "../lib/ids.ts";
import type { LimitVerdict } from "../lib/rate-limit.ts";
import type { HostedContext } from "./context.ts";
import type { System } from "./premises.ts";
import { rateLimited } from "./respond.ts";

const OVERLOADED_RETRY_S = 5;

/** Whose grants the caller means in this system. */
export function ownerOf(c: HostedContext): Owner {
  return c.get("caller").owners[c.get("system").name];
}

/** Asks the keeper of the caller's own connections. */
export async function askKeeper<T>(
  c: HostedContext,
  ask: (keeper: ReturnType<System["keeper"]>) => Promise<T>,
): Promise<T> {
  try {
    return await askObject(() => ask(c.get("system").keeper(ownerOf(c))));
  } catch (error) {
    c.set("keeperLost", true);
    throw error;
  }
}

/**
 * Asks a Durable Object, and asks once more where the object went away meanwhile, as at every deploy. `ask` must take
 * a fresh stub each time, because one that has failed stays broken; and it must bear being done twice, which a
 * sign-in's end does not: its state is used up by the first try. Fails as `internal` where the object cannot keep up.
 */
export async function askObject<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!says(error, "overloaded") && (says(error, "retryable") || says(error, "durableObjectReset")))
      return again(ask);
    throw orOverloaded(error);
  }
}

async function again<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw orOverloaded(error);
  }
}

/** More requests would make an overloaded object only slower: whoever called comes back later. */
function orOverloaded(error: unknown): unknown {
  if (!says(error, "overloaded")) return error;
  const detail = "Too much is going on here at once. Try again in a moment.";
  return failure("internal", detail, { retryAfterS: OVERLOADED_RETRY_S, cause: error });
}

/** The platform marks its errors with flags (https://developers.cloudflare.com/durable-objects/best-practices/error-handling/). */
function says(error: unknown, flag: "retryable" | "overloaded" | "durableObjectReset"): boolean {
  return error instanceof Error && (error as Error & Readonly<Record<string, unknown>>)[flag] === true;
}

/** The value of a limited answer of the keeper. Fails as `rate_limited`, or as the answer says. */
export function spend<T>(c: HostedContext, answer: { readonly limit?: LimitVerdict; readonly result?: Result<T> }): T {
  if (answer.limit) c.set("verdict", answer.limit);
  if (answer.limit && !answer.limit.allowed) throw rateLimited(answer.limit);
  if (!answer.result) throw failure("internal", "The keeper gave no answer.");
  return unwrap(answer.result);
}

/** A connection by its id. One that cannot be ours is as unknown as another owner's. Failure: `not_found`. */
export function connectionNamed(id: string | undefined): ConnectionId {
  const parsed = ConnectionId.safeParse(id);
  if (parsed.success) return parsed.data;
  throw failure("not_found", "No such connection.");
}
