import * as z from "zod";
import { bodyOf } from "../bodies.ts";
import { badQuery, GraphError } from "./errors.ts";

const requestSchema = z.object({
  id: z.string().min(1),
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  dependsOn: z.array(z.string()).optional(),
});
type SubRequest = z.infer<typeof requestSchema>;

interface SubResponse {
  id: string;
  status: number;
  headers: Record<string, string>;
  body?: unknown;
}

const MOST = 20;
const RETURNED_HEADERS = [
  "Content-Type",
  "Retry-After",
  "Location",
  "ETag",
  "Preference-Applied",
  "x-ms-resource-unit",
  "x-ms-throttle-limit-percentage",
  "x-ms-throttle-scope",
  "x-ms-throttle-information",
];

/**
 * `POST $batch`. Each sub-request goes through the whole sandbox, so that faults meet it by its own path; the
 * answers come in another order than the requests.
 */
export async function batch(
  request: Request,
  dispatch: (request: Request) => Promise<Response>,
): Promise<{ responses: SubResponse[] }> {
  const requests = readBatch(bodyOf(request));
  const done = new Map<string, SubResponse>();
  for (const sub of requests) {
    const failed = sub.dependsOn?.some((id) => (done.get(id)?.status ?? 424) >= 400) === true;
    done.set(sub.id, failed ? failedDependency(sub) : await send(request, sub, dispatch));
  }
  return { responses: [...done.values()].toReversed() };
}

function readBatch(body: string): SubRequest[] {
  const parsed = z.object({ requests: z.array(requestSchema) }).safeParse(parsedJson(body));
  if (!parsed.success) throw badQuery("Invalid batch payload format.");
  const { requests } = parsed.data;
  if (requests.length === 0) throw badQuery("Invalid batch payload format: no requests.");
  if (requests.length > MOST) throw badQuery(`Number of batch request steps exceeds the maximum value of ${MOST}.`);
  const ids = requests.map(({ id }) => id.toLowerCase());
  if (new Set(ids).size < ids.length) throw badQuery("Request Id has to be unique in a batch.");
  requests.forEach((sub, index) => checkSubRequest(sub, ids.slice(0, index)));
  return requests;
}

function checkSubRequest({ id, body, headers, dependsOn }: SubRequest, earlier: readonly string[]): void {
  const type = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "content-type");
  if (body !== undefined && !type)
    throw badQuery(`Write request id : ${id} does not contain Content-Type header or body.`);
  if (dependsOn?.some((other) => !earlier.includes(other.toLowerCase())) === true) {
    throw badQuery(`Request id : ${id} depends on a request that does not come before it.`);
  }
}

async function send(
  outer: Request,
  { id, method, url, headers, body }: SubRequest,
  dispatch: (request: Request) => Promise<Response>,
): Promise<SubResponse> {
  const target = new URL(`/v1.0/${url.replace(/^\//, "")}`, new URL(outer.url).origin);
  const authorization = outer.headers.get("Authorization") ?? "";
  const sub = new Request(target, {
    method,
    headers: { ...headers, Authorization: authorization },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answer = await dispatch(sub);
  return { id, status: answer.status, headers: returnedHeaders(answer), ...(await answerBody(answer)) };
}

function returnedHeaders(answer: Response): Record<string, string> {
  return Object.fromEntries(
    RETURNED_HEADERS.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name) ?? ""]] : [])),
  );
}

// What is no JSON travels in base64.
async function answerBody(answer: Response): Promise<{ body?: unknown }> {
  const text = await answer.text();
  if (text === "") return {};
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json") === true;
  return { body: isJson ? JSON.parse(text) : btoa(text) };
}

function failedDependency({ id }: SubRequest): SubResponse {
  const error = new GraphError(424, "FailedDependency", "The request failed because a request it depends on failed.");
  return { id, status: 424, headers: { "Content-Type": "application/json" }, body: { error: error.fault } };
}

function parsedJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
