/**
 * The Microsoft Graph client: bearer, one forced refresh when the token is refused, Retry-After within a budget, and
 * every refusal turned into one failure.
 *
 * What may be sent twice: a GET; anything that Graph refused before it did the work (401, 429); and a POST whose
 * caller says `repeat: "idempotent"`, because it carries a transactionId. A PATCH or DELETE whose answer was lost
 * is not repeated: attendees could be mailed twice, and with If-Match our own first try would turn the second into 412.
 */
import type { AccessGrant, GrantSource } from "../connections/grant.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { failure } from "../lib/errors.ts";
import type { Answer, Sender } from "../lib/http.ts";
import { parseJson } from "../lib/json.ts";
import type { Logger } from "../lib/log.ts";
import { claimsChallenge } from "./challenge.ts";
import { type AuthorizePath, failureOf } from "./failures.ts";
import { type GraphRefusal, readRefusal } from "./refusal.ts";
import { missingScopes } from "./scopes.ts";
import { addressOf, GRAPH_BASE_URL, trustedAddress, versionRoot } from "./url.ts";

/** One request. `path` stands below the version root; `url` is a link that Graph gave, checked before it is followed. */
export type GraphRequest = GraphRequestBase &
  ({ readonly path: string; readonly query?: Readonly<Record<string, string>> } | { readonly url: string });

interface GraphRequestBase {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A short name for the log. */
  readonly label: string;
  /** May a write be sent again? Only one that the provider itself recognises as a repeat. Default: `never`. */
  readonly repeat?: "never" | "idempotent";
  /** Scopes without which Graph would refuse: a grant without them is refused before anything is sent. */
  readonly needs?: readonly string[];
  /** Codes of refusals that the caller handles; they come back in the answer and are not thrown. */
  readonly refusals?: readonly string[];
}

/** What Graph answered. `body` is undefined where there was none. */
interface GraphAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Only of a code that the request listed in `refusals`. */
  readonly refusal?: GraphRefusal;
}

/** Microsoft Graph on behalf of one connection. */
export interface Graph {
  /** The answer to one request. Throws the failures of the vault, of {@link Sender.send} and of the refusal table. */
  request(request: GraphRequest): Promise<GraphAnswer>;
}

/** What {@link createGraph} works with. */
export interface GraphPorts {
  /** Scheme and host, without the version. Default: the global cloud. */
  readonly baseUrl?: string;
  readonly sender: Sender;
  readonly source: GrantSource;
  readonly log: Logger;
  /** Where the user reconnects: `claims` is JSON to satisfy, `scopes` are those to add. */
  readonly authorizePath: AuthorizePath;
  /** All tries and waits of one request together, ms. */
  readonly budgetMs?: number;
  readonly clock?: Clock;
}

const BUDGET_MS = 10_000;
const TRY_TIMEOUT_MS = 6_000;

/** Builds the client for one connection. */
export function createGraph(ports: GraphPorts): Graph {
  const root = versionRoot(ports.baseUrl ?? GRAPH_BASE_URL);
  const { source, clock = systemClock, budgetMs = BUDGET_MS } = ports;
  return {
    async request(request) {
      const url = "url" in request ? trustedAddress(root, request.url) : addressOf(root, request.path, request.query);
      const deadline = clock.now() + budgetMs;
      const send = (grant: AccessGrant) =>
        sendOnce(ports, { url, request, grant, leftMs: Math.max(0, deadline - clock.now()) });
      let grant = await source.grant();
      refuseWithoutScopes(ports, request, grant);
      let answer = await send(grant);
      // A claims challenge is not mended by a refresh: the user has to sign in.
      if (answer.status === 401 && claimsChallenge(answer.headers) === undefined) {
        grant = await source.grant(grant.ticket);
        answer = await send(grant);
      }
      return settle(ports, request, { answer, grant });
    },
  };
}

function refuseWithoutScopes({ authorizePath }: GraphPorts, { needs = [] }: GraphRequest, grant: AccessGrant): void {
  // A grant without a list of scopes tells nothing: then Graph decides.
  const missing = grant.scopes.length === 0 ? [] : missingScopes(needs, grant.scopes);
  if (missing.length === 0) return;
  throw failure("scope_insufficient", "The account was connected without the permission that this needs.", {
    extra: { missing_scopes: missing, authorize_path: authorizePath(undefined, missing) },
  });
}

interface Sending {
  readonly url: URL;
  readonly request: GraphRequest;
  readonly grant: AccessGrant;
  readonly leftMs: number;
}

function sendOnce({ sender }: GraphPorts, { url, request, grant, leftMs }: Sending): Promise<Answer> {
  const { method = "GET", repeat = "never" } = request;
  return sender.send({
    url,
    method,
    headers: {
      accept: "application/json",
      ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      ...request.headers,
      authorization: `Bearer ${grant.accessToken}`,
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    label: `graph ${request.label}`,
    requestIdHeader: "client-request-id",
    timeoutMs: TRY_TIMEOUT_MS,
    budgetMs: leftMs,
    repeat,
    // 429 is said before any work is done; after 503 and 504 nobody knows.
    retryStatuses: method === "GET" || repeat === "idempotent" ? [429, 503, 504] : [429],
  });
}

interface Settling {
  readonly answer: Answer;
  readonly grant: AccessGrant;
}

function settle(ports: GraphPorts, request: GraphRequest, { answer, grant }: Settling): GraphAnswer {
  const { status, text } = answer;
  if (status >= 200 && status < 300) return { status, body: readBody(request, text) };
  const refusal = readRefusal(answer);
  if (request.refusals?.some((code) => code.toLowerCase() === refusal.code.toLowerCase())) {
    return { status, body: undefined, refusal };
  }
  const { log, authorizePath } = ports;
  log.info("graph refused", {
    label: request.label,
    status,
    provider_code: refusal.code,
    request_id_there: refusal.requestId,
  });
  const missing = missingScopes(request.needs ?? [], grant.scopes);
  throw failureOf(refusal, { answer, missing, authorizePath, label: request.label });
}

function readBody(request: GraphRequest, text: string): unknown {
  if (text.trim() === "") return undefined;
  const body = parseJson(text);
  if (body !== undefined) return body;
  throw failure("provider_error", "Microsoft Graph sent an answer that cannot be read.", {
    reason: `${request.label}: not JSON, ${text.length} characters`,
  });
}
