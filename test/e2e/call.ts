/** Asks a running installation's API. */

/** What came back, its body as JSON. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** Sends a request below `/api/v1` with a caller's token. */
export type Call = (
  token: string,
  method: string,
  route: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** The API at that origin. */
export function callAt(origin: string): Call {
  return async (token, method, route, body, headers = {}) => {
    const type = body === undefined ? {} : { "Content-Type": "application/json" };
    const answer = await fetch(`${origin}/api/v1${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...type, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    return { status: answer.status, headers: answer.headers, json };
  };
}
