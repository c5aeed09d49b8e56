/** What every route of the API has to withstand. A route's own test calls {@link withstands} and adds what it does. */
import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { call, connect, listen, ORIGIN, workerWith } from "../support.ts";

/** A route, with a request that nothing is wrong with. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Where the system's API begins: `/api/v1` or `/api/v1/beta`. */
  readonly base: string;
  readonly path: string;
  readonly body?: unknown;
  /** True where it may come without a body, whatever type it then names. */
  readonly bodyOptional?: boolean;
  readonly limit?: { readonly name: string; readonly quota: number; readonly windowS: number };
  /** The role it needs; otherwise any known one will do. */
  readonly role?: string;
  /** The permission it needs. */
  readonly scope?: string;
  /** The organisation that the caller belongs to. */
  readonly org?: string;
  /** True where `?connection=` names one of the caller's connections. */
  readonly takesConnection?: boolean;
}

/** The API of the main system and of beta. */
export const BASES = ["/api/v1", "/api/v1/beta"] as const;

const OVERSIZED = "x".repeat(64 * 1024 + 1);

const UNKNOWN = "No such connection.";

/** Runs the whole suite against one route. */
export function withstands(route: Route): void {
  describe(`${route.method} ${route.base}${route.path}`, () => {
    beforeEach(() => {
      listen();
    });
    afterEach(() => {
      vi.restoreAllMocks();
    });
    callers(route);
    if (route.limit) limits(route, route.limit);
    if (route.takesConnection) owners(route);
    if (route.method !== "GET") bodies(route);
  });
}

function callers(route: Route): void {
  test("refuses a request without a token, and says what to send", async () => {
    const answer = await request(route);
    expect(await problemOf(answer)).toMatchObject({ status: 401, code: "unauthenticated" });
    // RFC 6750 section 3.1: nothing was sent that could be wrong.
    expect(answer.headers.get("WWW-Authenticate")).toBe('Bearer realm="latchkey"');
  });

  test("refuses a token of another signer", async () => {
    const answer = await request(route, await token(route, {}, "another-secret-of-more-than-32-bytes!"));
    expect(await problemOf(answer)).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(answer.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  });

  test("refuses an expired token, and one without an end", async () => {
    const expired = await token(route, { exp: Math.floor(Date.now() / 1000) - 120 });
    expect(await problemOf(await request(route, expired))).toMatchObject({ status: 401, code: "unauthenticated" });
    const endless = await token(route, { exp: undefined });
    expect(await problemOf(await request(route, endless))).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test("refuses a token for another audience, and takes one for its own", async () => {
    const worker = workerWith({ JWT_AUDIENCE: "latchkey" });
    const wrong = await worker(requestFor(route, await token(route, { aud: "other" })));
    expect(await problemOf(wrong)).toMatchObject({ status: 401, code: "unauthenticated" });
    const right = await worker(requestFor(route, await token(route, { aud: "latchkey" })));
    expect([401, 403]).not.toContain(right.status);
  });

  test("refuses a caller without the role it needs, and names it", async () => {
    const answer = await request(route, await token(route, { roles: [route.role ? "user" : "stranger"] }));
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ status: 403, code: "forbidden" });
    expect(problem["missing_role"]).toContain(route.role ?? "user");
    expect(answer.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
    expectCounted(route, answer);
  });

  test("answers the same with and without a trailing slash", async () => {
    const turned = route.path.endsWith("/") ? route.path.slice(0, -1) : `${route.path}/`;
    const bearer = await token(route);
    const [plain, other] = await Promise.all([request(route, bearer), request({ ...route, path: turned }, bearer)]);
    const read = async (answer: Response) => [answer.status, (await problemOf(answer))["code"]];
    expect(await read(other)).toEqual(await read(plain));
    expect([401, 403]).not.toContain(plain.status);
    expect(await problemOf(await request({ ...route, path: turned }))).toMatchObject({ code: "unauthenticated" });
  });
}

function limits(route: Route, { name, quota, windowS }: NonNullable<Route["limit"]>): void {
  test(`lets ${quota} requests through in ${windowS} s and says so on each`, async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const bearer = await token(route, { sub: subject() });
    const answers = await Promise.all(Array.from({ length: quota }, () => request(route, bearer)));
    expect(answers.map(({ status }) => status)).not.toContain(429);
    const left = answers.map((one) => Number(/r=(\d+)/.exec(one.headers.get("RateLimit") ?? "")?.[1]));
    expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: quota }, (_, index) => index));
    const refused = await request(route, bearer);
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: "rate_limited" });
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      "retry-after": String(windowS),
      ratelimit: `"${name}";r=0;t=${windowS}`,
      "ratelimit-policy": `"${name}";q=${quota};w=${windowS}`,
    });
    const another = await request(route, await token(route, { sub: subject() }));
    expect(another.status).not.toBe(429);
    vi.setSystemTime(Date.now() + windowS * 1000);
    expect((await request(route, await token(route, { sub: (await claimsIn(bearer)).sub }))).status).not.toBe(429);
    vi.useRealTimers();
  });
}

function owners(route: Route): void {
  test("does not know another owner's connection, nor an id that cannot be one", async () => {
    const other = { sub: subject() };
    const { connection } = await (await connect(other, "ana", route.base)).json<{ connection: { id: string } }>();
    const bearer = await token(route, { sub: subject() });
    for (const id of [connection.id, "con_000000000000000000000000", "1", "../../etc"]) {
      const answer = await request({ ...route, path: `${route.path}?connection=${encodeURIComponent(id)}` }, bearer);
      expect(await problemOf(answer)).toMatchObject({ status: 404, code: "not_found", detail: UNKNOWN });
    }
    const own = await request(
      { ...route, path: `${route.path}?connection=${connection.id}` },
      await token(route, other),
    );
    expect((await problemOf(own))["detail"]).not.toBe(UNKNOWN);
  });
}

function bodies(route: Route): void {
  test("refuses a body over 64 KiB, announced or not", async () => {
    const bearer = await token(route);
    const problem = { status: 413, code: "payload_too_large" };
    const announced = await raw(route, bearer, OVERSIZED);
    expect(await problemOf(announced)).toMatchObject(problem);
    expectCounted(route, announced);
    if (route.body === undefined) return;
    expect(await problemOf(await raw(route, bearer, streamOf(OVERSIZED)))).toMatchObject(problem);
  });

  if (route.body === undefined) return;

  test("refuses what is not JSON, by its text or by its name", async () => {
    const bearer = await token(route);
    for (const text of [...(route.bodyOptional ? [] : [""]), "{", '{"a":1', "nonsense"])
      expect(await problemOf(await raw(route, bearer, text))).toMatchObject({ status: 400, code: "malformed_json" });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
      const answer = await raw(route, bearer, JSON.stringify(route.body), type);
      expectCounted(route, answer);
      expect(await problemOf(answer)).toMatchObject({ status: 415, code: "unsupported_media_type" });
    }
    const named = await raw(route, bearer, JSON.stringify(route.body), "application/json; charset=utf-8");
    expect([400, 415]).not.toContain(named.status);
  });
}

/** Whatever a known caller is answered on a limited route counts, and says so. */
function expectCounted({ limit }: Route, answer: Response): void {
  const counted = limit ? (expect.stringMatching(new RegExp(`^"${limit.name}";r=\\d+;t=\\d+$`)) as string) : null;
  expect(answer.headers.get("RateLimit")).toEqual(counted);
}

let subjects = 0;

function subject(): string {
  subjects += 1;
  return `caller-${subjects}`;
}

/** A caller's token that nothing is wrong with, apart from what `claims` changes. */
async function token(route: Route, claims: Record<string, unknown> = {}, secret = env.JWT_SECRET_KEY): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 300;
  return new SignJWT({ sub: subject(), exp, ...grantedBy(route), ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

function grantedBy({ role, scope, org }: Route): Record<string, unknown> {
  return { ...(role && { roles: [role] }), ...(scope && { scope }), ...(org && { org }) };
}

async function claimsIn(bearer: string): Promise<{ sub: string }> {
  return JSON.parse(atob(bearer.split(".")[1] ?? "")) as { sub: string };
}

function requestFor(route: Route, bearer?: string): Request {
  const headers = new Headers(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` });
  if (route.body !== undefined) headers.set("Content-Type", "application/json");
  return new Request(new URL(route.base + route.path, ORIGIN), {
    method: route.method,
    headers,
    ...(route.body === undefined ? {} : { body: JSON.stringify(route.body) }),
  });
}

function request(route: Route, bearer?: string): Promise<Response> {
  const { url, method, headers, body } = requestFor(route, bearer);
  return call(url, undefined, { method, headers, body });
}

function raw(
  route: Route,
  bearer: string,
  body: string | ReadableStream,
  type = "application/json",
): Promise<Response> {
  return call(route.base + route.path, undefined, {
    method: route.method,
    headers: { Authorization: `Bearer ${bearer}`, "Content-Type": type },
    body,
  });
}

function streamOf(text: string): ReadableStream {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode(text));
      stream.close();
    },
  });
}

/** The problem that an answer carries; its status must be the answer's. Empty where it is none. */
export async function problemOf(answer: Response): Promise<Record<string, unknown>> {
  if (answer.headers.get("Content-Type") !== "application/problem+json") {
    await answer.body?.cancel();
    return {};
  }
  const problem = await answer.json<Record<string, unknown>>();
  expect(problem["status"]).toBe(answer.status);
  expect(problem["request_id"]).toBe(answer.headers.get("X-Request-Id"));
  return problem;
}
