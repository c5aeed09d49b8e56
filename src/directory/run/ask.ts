/** Asks Graph for one page with the application's token, at the pace that the workload's limits allow. */
import { trustedAddress, versionRoot } from "../../graph/url.ts";
import { rolesIn } from "../connect/roles.ts";
import { Failure } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http.ts";
import type { Directory } from "../directory.ts";
import { type ResourceName, RESOURCES } from "../resources.ts";
import { type Asked, type Outcome, outcomeOf } from "./outcome.ts";
import { countRequest, rest } from "./pace.ts";

/** A page to ask for. */
export interface PageRequest extends Asked {
  readonly resource: ResourceName;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the request has left. */
  readonly left?: () => void;
}

const TIMEOUT_MS = 60_000;
/** A page of a group may carry thousands of members. */
const MAX_BYTES = 16 * 1024 * 1024;

/** From this share of the limit on Graph tells it, and we slow down. */
const STRAINED = 0.8;
const STRAINED_PAUSE_MS = 1_000;

/** The page, or what came instead of it. Never throws for what Graph or Entra do. */
export async function askForPage(directory: Directory, request: PageRequest): Promise<Outcome> {
  try {
    const answer = await sent(directory, request);
    const outcome = outcomeOf(answer, request);
    if (outcome.kind === "page" && outcome.strain >= STRAINED)
      rest(directory, RESOURCES[request.resource].workload, directory.clock.now() + STRAINED_PAUSE_MS);
    return outcome;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return unanswered(error);
  }
}

/** How many there are; undefined where Graph does not tell now. It needs the index that answers eventually ("Advanced query capabilities"). */
export async function countObjects(
  directory: Directory,
  resource: ResourceName,
  url: string,
): Promise<number | undefined> {
  try {
    const answer = await sent(directory, { resource, url, given: false, headers: { ConsistencyLevel: "eventual" } });
    // The number comes with a byte order mark.
    return answer.status === 200 && /^\uFEFF?\d{1,12}$/.test(answer.text.trim())
      ? Number(answer.text.replace("\uFEFF", ""))
      : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function sent(directory: Directory, request: PageRequest): Promise<Answer> {
  const first = await directory.tokens.token();
  const answer = await send(directory, request, first.accessToken);
  if (answer.status !== 401) return answer;
  directory.tokens.refused(first.ticket);
  const second = await directory.tokens.token();
  return send(directory, request, second.accessToken);
}

async function send(directory: Directory, request: PageRequest, token: string): Promise<Answer> {
  const { sender, graphUrl, memory } = directory;
  memory.roles = rolesIn(token);
  const { resource, headers, left } = request;
  const url = trustedAddress(versionRoot(graphUrl), request.url);
  countRequest(directory, RESOURCES[resource].workload);
  const answer = sender.send({
    url,
    headers: { accept: "application/json", ...headers, authorization: `Bearer ${token}` },
    label: `directory ${resource}`,
    requestIdHeader: "client-request-id",
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
  left?.();
  return answer;
}

/** No answer of Graph, or no token for it. What passes by itself is waited for; what does not stops the run. */
function unanswered(failure: Failure): Outcome {
  const { code, message: detail, extra, retryAfterS } = failure;
  const providerCode = extra.provider_code;
  const trouble = { code, detail, ...(providerCode === undefined ? {} : { providerCode }) };
  // A link that leads elsewhere is Graph's word too; asking for it again changes nothing.
  if (code === "provider_error") return { kind: "spoiled", trouble };
  const passes = code === "provider_timeout" || code === "provider_unavailable" || code === "provider_throttled";
  return passes ? { kind: "wait", why: "silent", retryAfterS, trouble } : { kind: "stopped", trouble };
}
