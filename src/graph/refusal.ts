/** Reads Graph's error envelope, in all the shapes in which it comes. No I/O. */
import * as z from "zod";
import type { Answer } from "../lib/http.ts";
import { parseJson } from "../lib/json.ts";

/** What Graph said when it refused a request. */
export interface GraphRefusal {
  readonly status: number;
  /** `error.code` as sent, or `http_<status>` where the body carries none. Compare without case. */
  readonly code: string;
  /** For the log alone. */
  readonly message: string;
  readonly requestId: string | undefined;
  /** The whole error object: some codes add members, such as `@event.existingEventId`. */
  readonly error: Readonly<Record<string, unknown>>;
}

const Text = z.string().optional().catch(undefined);
const Inner = z.object({ "request-id": Text }).optional().catch(undefined);
// Live answers say innerError, the documentation says innererror.
const Envelope = z.object({
  error: z.looseObject({ code: Text, message: Text, innerError: Inner, innererror: Inner }),
});

/** The refusal in a non-2xx answer. Gateways answer in HTML or with nothing: that gives a refusal without words. */
export function readRefusal(answer: Answer): GraphRefusal {
  const { data } = Envelope.safeParse(parseJson(answer.text));
  const error = data?.error;
  const inner = error?.innerError ?? error?.innererror;
  const requestId = safeWord(answer.headers.get("request-id") ?? inner?.["request-id"]);
  return {
    status: answer.status,
    // The code may be an empty string.
    code: safeWord(error?.code) ?? `http_${answer.status}`,
    message: (error?.message ?? "").slice(0, 300),
    requestId,
    error: error ?? {},
  };
}

/** A code or id that may stand on the wire and in the log: whoever answers must not write sentences there. */
function safeWord(word: string | undefined): string | undefined {
  return word !== undefined && /^[\w.:-]{1,100}$/.test(word) ? word : undefined;
}
