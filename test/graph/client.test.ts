import { expect, test } from "vitest";
import { failureOf, play, refusal } from "./scripted.ts";

const LIST = { path: "/me/calendars", label: "test" };
const UNAUTHORIZED = () => refusal(401, "InvalidAuthenticationToken");
const CLAIMS = { access_token: { acrs: { essential: true, value: "c1" } } };
const BEARER = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"';

test("a request carries the token, an id of its own, and its body as JSON", async () => {
  const { graph, sent } = play({ steps: [Response.json({ id: "1" }, { status: 201 }), Response.json({ id: "2" })] });
  const answer = await graph.request({ method: "POST", path: "/me/events", body: { subject: "x" }, label: "test" });
  await graph.request(LIST);
  expect(answer).toEqual({ status: 201, body: { id: "1" } });
  const [first, second] = sent.map(({ request }) => request);
  expect(first?.url).toBe("https://graph.microsoft.com/v1.0/me/events");
  expect(first?.headers.get("authorization")).toBe("Bearer token-1");
  expect(first?.headers.get("content-type")).toBe("application/json");
  expect(sent[0]?.body).toBe('{"subject":"x"}');
  expect(first?.headers.get("client-request-id")).toMatch(/^[\da-f-]{36}$/);
  expect(first?.headers.get("client-request-id")).not.toBe(second?.headers.get("client-request-id"));
});

test("the base URL comes from configuration, with or without a slash and a path", async () => {
  const { graph, sent } = play({ steps: [Response.json({})], baseUrl: "http://localhost:8788/graph/" });
  await graph.request({ ...LIST, query: { $filter: "contains(subject,'a+b & c')" } });
  expect(sent[0]?.request.url).toBe(
    "http://localhost:8788/graph/v1.0/me/calendars?$filter=contains(subject%2C'a%2Bb%20%26%20c')".replaceAll(
      "'",
      "%27",
    ),
  );
});

test("a refused token is refreshed once and the request repeated, a write too", async () => {
  const { graph, sent, rejected } = play({ steps: [UNAUTHORIZED(), Response.json({ id: "1" })] });
  const answer = await graph.request({ method: "PATCH", path: "/me/events/1", body: {}, label: "test" });
  expect(answer.body).toEqual({ id: "1" });
  expect(rejected).toEqual([undefined, "ticket-1"]);
  expect(sent.map(({ request }) => request.headers.get("authorization"))).toEqual(["Bearer token-1", "Bearer token-2"]);
});

test("a token that is refused twice asks for reconnecting, after one forced refresh", async () => {
  const { graph, sent, rejected } = play({ steps: [UNAUTHORIZED(), UNAUTHORIZED()] });
  await expect(graph.request(LIST)).rejects.toMatchObject({
    code: "reauth_required",
    extra: { reason: "token_rejected", provider_code: "InvalidAuthenticationToken", authorize_path: "/connect?" },
  });
  expect(rejected).toHaveLength(2);
  expect(sent).toHaveLength(2);
});

test("a token for another resource is nothing that the user could mend", async () => {
  const wrong = () =>
    Response.json(
      { error: { code: "InvalidAuthenticationToken", message: "Access token validation failure. Invalid audience." } },
      { status: 401 },
    );
  const { graph } = play({ steps: [wrong(), wrong()] });
  await expect(graph.request(LIST)).rejects.toMatchObject({ code: "provider_error" });
});

test("a claims challenge becomes a sign-in with those claims, wherever it stands in the header", async () => {
  const header = `PoP nonce="a, b", ${BEARER}, claims="${btoa(JSON.stringify(CLAIMS))}", error="insufficient_claims", Basic realm="x"`;
  const { graph, rejected } = play({
    steps: [refusal(401, "InvalidAuthenticationToken", { "www-authenticate": header })],
  });
  const { code, extra } = await failureOf(graph.request(LIST));
  expect(code).toBe("reauth_required");
  expect(extra?.reason).toBe("claims_challenge");
  const path = new URL(extra?.authorize_path ?? "", "https://latchkey.test");
  expect(JSON.parse(path.searchParams.get("claims") ?? "")).toEqual(CLAIMS);
  expect(rejected).toEqual([undefined]);
});

test("a claims challenge on the repeated request counts too", async () => {
  const header = `${BEARER}, error="insufficient_claims", claims="${btoa(JSON.stringify(CLAIMS))}"`;
  const { graph } = play({ steps: [UNAUTHORIZED(), refusal(401, "x", { "www-authenticate": header })] });
  await expect(graph.request(LIST)).rejects.toMatchObject({ extra: { reason: "claims_challenge" } });
});

test("a challenge of another kind, or other parameters next to it, is no claims challenge", async () => {
  const header = `${BEARER}, error="invalid_token", Other error="insufficient_claims_not", claims="e30="`;
  const { graph, rejected } = play({
    steps: [refusal(401, "x", { "www-authenticate": header }), Response.json({ fine: true })],
  });
  await graph.request(LIST);
  expect(rejected).toHaveLength(2);
});

test("claims that cannot be read still ask for a sign-in", async () => {
  const header = `${BEARER}, error="insufficient_claims", claims="%%%"`;
  const { graph } = play({ steps: [refusal(403, "Forbidden", { "www-authenticate": header })] });
  await expect(graph.request(LIST)).rejects.toMatchObject({
    code: "reauth_required",
    extra: { reason: "claims_challenge", authorize_path: "/connect?" },
  });
});

test("a policy's 403 without the header asks for a sign-in too", async () => {
  const { graph } = play({ steps: [refusal(403, "insufficient_claims")] });
  await expect(graph.request(LIST)).rejects.toMatchObject({ extra: { reason: "claims_challenge" } });
});

test("a grant without the scope is refused before anything is sent", async () => {
  const { graph, sent } = play({ steps: [], scopes: ["User.Read", "openid"] });
  await expect(graph.request({ ...LIST, needs: ["Calendars.ReadWrite"] })).rejects.toMatchObject({
    code: "scope_insufficient",
    extra: { missing_scopes: ["Calendars.ReadWrite"], authorize_path: "/connect?scopes=Calendars.ReadWrite" },
  });
  expect(sent).toHaveLength(0);
});

test.each([
  ["Calendars.Read", "calendars.read"],
  ["Calendars.Read", "https://graph.microsoft.com/Calendars.ReadWrite"],
  ["Calendars.ReadWrite", "https://graph.microsoft.us/Calendars.ReadWrite.Shared"],
  ["Calendars.Read", "Calendars.Read.Shared"],
])("%s is covered by %s", async (need, scope) => {
  const { graph } = play({ steps: [Response.json({})], scopes: [scope] });
  await expect(graph.request({ ...LIST, needs: [need] })).resolves.toMatchObject({ status: 200 });
});

test("Calendars.ReadWrite is not covered by Calendars.Read", async () => {
  const { graph } = play({ steps: [], scopes: ["Calendars.Read"] });
  await expect(graph.request({ ...LIST, needs: ["Calendars.ReadWrite"] })).rejects.toMatchObject({
    code: "scope_insufficient",
  });
});

test("a grant that lists no scopes leaves the decision to Graph", async () => {
  const { graph } = play({ steps: [refusal(403, "ErrorAccessDenied")], scopes: [] });
  await expect(graph.request({ ...LIST, needs: ["Calendars.Read"] })).rejects.toMatchObject({
    code: "scope_insufficient",
    extra: { missing_scopes: ["Calendars.Read"], provider_code: "ErrorAccessDenied" },
  });
});

test("throttling is waited out as long as Graph asks, within the budget", async () => {
  const { graph, waitedMs } = play({
    steps: [refusal(429, "TooManyRequests", { "retry-after": "3" }), Response.json({})],
  });
  await graph.request(LIST);
  expect(waitedMs()).toBe(3_000);
});

test("throttling that outlasts the budget is passed on with its time", async () => {
  const { graph, sent, waitedMs } = play({ steps: [refusal(429, "ApplicationThrottled", { "retry-after": "30" })] });
  await expect(graph.request(LIST)).rejects.toMatchObject({ code: "provider_throttled", retryAfterS: 30 });
  expect(sent).toHaveLength(1);
  expect(waitedMs()).toBe(0);
});

test("an outage that ends within the budget is not noticed by a reader", async () => {
  const { graph, sent } = play({
    steps: [refusal(503, "serviceNotAvailable"), "silence", Response.json({ fine: true })],
  });
  await expect(graph.request(LIST)).resolves.toMatchObject({ body: { fine: true } });
  expect(sent).toHaveLength(3);
});

test.each(["PATCH", "DELETE", "POST"] as const)(
  "a %s is not repeated when nobody knows whether it was done",
  async (method) => {
    for (const step of [refusal(503, "serviceNotAvailable", { "retry-after": "1" }), "silence"] as const) {
      const { graph, sent } = play({ steps: [step, Response.json({})] });
      await expect(graph.request({ method, path: "/me/events", label: "test" })).rejects.toMatchObject({
        code: "provider_unavailable",
      });
      expect(sent).toHaveLength(1);
    }
  },
);

test("a write that was throttled before any work is repeated", async () => {
  const { graph, sent } = play({ steps: [refusal(429, "TooManyRequests", { "retry-after": "1" }), Response.json({})] });
  await graph.request({ method: "PATCH", path: "/me/events/1", body: {}, label: "test" });
  expect(sent).toHaveLength(2);
});

test("a create that says it may be repeated is", async () => {
  const { graph, sent } = play({
    steps: ["silence", refusal(504, "UnknownError"), Response.json({}, { status: 201 })],
  });
  await graph.request({ method: "POST", path: "/me/events", body: {}, label: "test", repeat: "idempotent" });
  expect(sent.map(({ body }) => body)).toEqual(["{}", "{}", "{}"]);
});

test("a gateway's HTML and an empty answer are understood by their status", async () => {
  const html = new Response("<html>Bad gateway</html>", { status: 502, headers: { "content-type": "text/html" } });
  await expect(play({ steps: [html] }).graph.request(LIST)).rejects.toMatchObject({
    code: "provider_unavailable",
    extra: { provider_code: "http_502" },
  });
  const empty = play({ steps: [new Response(null, { status: 404 })] });
  await expect(empty.graph.request(LIST)).rejects.toMatchObject({ code: "not_found" });
  const redirect = play({ steps: [new Response(null, { status: 302, headers: { location: "https://evil.test/" } })] });
  await expect(redirect.graph.request(LIST)).rejects.toMatchObject({ code: "provider_error" });
});

test("a success that is not JSON is an error of the provider, an empty one is nothing", async () => {
  await expect(play({ steps: [new Response("<html>")] }).graph.request(LIST)).rejects.toMatchObject({
    code: "provider_error",
  });
  const { graph } = play({ steps: [new Response(null, { status: 204 })] });
  await expect(graph.request(LIST)).resolves.toEqual({ status: 204, body: undefined });
});

test.each(["innerError", "innererror"])("Graph's request id is passed on from %s", async (name) => {
  const body = { error: { code: "Nope", message: "secret words", [name]: { "request-id": "abc-1" } } };
  const { graph } = play({ steps: [Response.json(body, { status: 418 })] });
  const { extra, detail } = await failureOf(graph.request(LIST));
  expect(extra).toEqual({ provider_code: "Nope", provider_request_id: "abc-1" });
  expect(detail).not.toContain("secret");
});

test("a code that is not a word does not reach the caller", async () => {
  const body = { error: { code: "Please call +1 555, it is <b>urgent</b>" } };
  const { graph } = play({ steps: [Response.json(body, { status: 418 })] });
  await expect(graph.request(LIST)).rejects.toMatchObject({ extra: { provider_code: "http_418" } });
});

test("a refusal that the request expects comes back instead of being thrown", async () => {
  const { graph } = play({ steps: [refusal(409, "ErrorDuplicateTransactionId")] });
  const answer = await graph.request({ ...LIST, refusals: ["errorduplicatetransactionid"] });
  expect(answer.refusal).toMatchObject({ status: 409, code: "ErrorDuplicateTransactionId" });
});
