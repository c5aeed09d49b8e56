/** Asks Graph with the application's token, one request, its answer whatever it is. */
import { type GraphRefusal, readRefusal } from "../../graph/refusal.ts";
import { addressOf, versionRoot } from "../../graph/url.ts";
import { Failure } from "../../lib/errors.ts";
import type { Sender } from "../../lib/http.ts";
import { parseJson } from "../../lib/json.ts";

/** What a question needs. */
export interface AskPorts {
  readonly sender: Sender;
  /** Scheme and host, without the version. */
  readonly graphUrl: string;
  readonly accessToken: string;
}

/** A question: a path below the version root. */
export interface Question {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** A short name for the log. */
  readonly label: string;
}

/** What came of it. silent: no answer, or one that says that Graph cannot answer now. */
export type Asked =
  | { readonly kind: "answered"; readonly body: unknown }
  | { readonly kind: "refused"; readonly refusal: GraphRefusal }
  | { readonly kind: "silent"; readonly failure: Failure };

const SENDING = { timeoutMs: 8_000, budgetMs: 12_000, retryStatuses: [429, 502, 503, 504], maxBytes: 2 * 1024 * 1024 };

/** Asks once, and again within seconds where Graph says that it may pass. Never throws for what Graph does. */
export async function askGraph({ sender, graphUrl, accessToken }: AskPorts, question: Question): Promise<Asked> {
  try {
    const answer = await sender.send({
      url: addressOf(versionRoot(graphUrl), question.path, question.query),
      headers: { accept: "application/json", authorization: `Bearer ${accessToken}` },
      label: `tenant ${question.label}`,
      requestIdHeader: "client-request-id",
      ...SENDING,
    });
    const { status, retryAfterS } = answer;
    if (status >= 200 && status < 300) return { kind: "answered", body: parseJson(answer.text) };
    const refusal = readRefusal(answer);
    if (status !== 429 && status < 500) return { kind: "refused", refusal };
    return { kind: "silent", failure: unavailable(refusal, retryAfterS) };
  } catch (error) {
    if (error instanceof Failure) return { kind: "silent", failure: error };
    throw error;
  }
}

function unavailable({ status, code, requestId }: GraphRefusal, retryAfterS = 5): Failure {
  const throttled = status === 429;
  return new Failure({
    code: throttled ? "provider_throttled" : "provider_unavailable",
    detail: throttled ? "Microsoft Graph is throttling requests." : "Microsoft Graph is unavailable.",
    retryAfterS,
    reason: `graph: ${status} ${code}`,
    extra: { provider_code: code, ...(requestId === undefined ? {} : { provider_request_id: requestId }) },
  });
}
