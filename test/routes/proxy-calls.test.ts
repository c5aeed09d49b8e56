import { afterEach, expect, test, vi } from "vitest";
import { call, received, sandbox, send } from "../support.ts";
import { callRaw, connectedApi, connectedTo, play, playGraph, proxyCaller } from "./proxied.ts";
import { problemOf } from "./security.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const json = (body: unknown, headers: Record<string, string> = {}, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

test("a call reaches the provider's API, authorised for the caller", async () => {
  const ana = proxyCaller("proxy-get");
  const api = await connectedApi(ana);
  const answer = await call(`${api}/v1.0/me?$select=displayName&x=a%20b+c`, ana);
  expect([answer.status, answer.headers.get("Latchkey-Upstream")]).toEqual([200, "microsoft"]);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(await answer.json()).toMatchObject({ displayName: "Ana Rossi" });
  const [request] = (await received("/v1.0/me")).slice(-1);
  expect(request).toMatchObject({ query: { $select: "displayName", x: "a b c" }, status: 200 });
});

test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])("%s goes through with its body", async (method) => {
  const ana = proxyCaller(`proxy-${method}`);
  const api = await connectedApi(ana);
  const bodies: string[] = [];
  const seen = playGraph(async (request) => {
    bodies.push(await request.text());
    return new Response(method === "HEAD" ? null : "done", { headers: { "Content-Length": "4", ETag: '"1"' } });
  });
  const body = method === "GET" || method === "HEAD" ? undefined : `body of ${method}`;
  const answer = await call(`${api}/v1.0/x`, ana, { method, ...(body && { body }) });
  expect([answer.status, await answer.text()]).toEqual([200, method === "HEAD" ? "" : "done"]);
  expect(answer.headers.get("ETag")).toBe('"1"');
  expect([seen.length, seen[0]?.method, bodies]).toEqual([1, method, [body ?? ""]]);
});

test.each(["OPTIONS", "PROPFIND", "QUERY"])("%s does not go through", async (method) => {
  const ana = proxyCaller(`proxy-${method}`);
  const api = await connectedApi(ana);
  const seen = playGraph(() => new Response("never"));
  const answer = await call(`${api}/v1.0/me`, ana, { method });
  await answer.body?.cancel();
  expect([answer.headers.get("Latchkey-Upstream"), seen]).toEqual([null, []]);
});

test("nothing is upgraded", async () => {
  const ana = proxyCaller("proxy-upgrade");
  const answer = await call(`${await connectedApi(ana)}/v1.0/me`, ana, { headers: { Upgrade: "websocket" } });
  expect(await problemOf(answer)).toMatchObject({ code: "validation_failed", errors: [{ path: "Upgrade" }] });
});

test("the provider's path and query arrive as they were written", async () => {
  const ana = proxyCaller("proxy-letter");
  const api = await connectedApi(ana);
  const seen = playGraph(() => new Response(null, { status: 204 }));
  const paths = [
    "/v1.0/me/events/AAMk%2FAGI%2B=",
    "/v1.0/users('ana@contoso.com')/drive/root:/a%20b/c.txt:/content",
    "/v1.0/sites/https%3A%2F%2Fexample.com%2F",
    "/v1.0/x?$filter=start/dateTime%20ge%20%272026%27&b=&&c=..%2f..",
    "/v1.0/x/",
    "/v1.0/a..b/...",
    "/v1.0/100%25",
    "",
    "/",
  ];
  for (const path of paths) expect([path, (await callRaw(api + path, ana)).status]).toEqual([path, 204]);
  expect(seen.map(({ url }) => url.replace("https://graph.microsoft.com", ""))).toEqual(
    paths.map((path) => (path === "" ? "/" : path)),
  );
});

test("a provider's own refusals come back as they are, and are told from ours", async () => {
  const ana = proxyCaller("proxy-refusals");
  const api = await connectedApi(ana);
  for (const status of [400, 403, 404, 409, 412, 429, 500, 503]) {
    playGraph(() => json({ error: { code: "theirs" } }, { "Retry-After": "7" }, status));
    const answer = await call(`${api}/v1.0/me`, ana);
    expect([answer.status, answer.headers.get("Latchkey-Upstream")]).toEqual([status, "microsoft"]);
    expect(answer.headers.get("Retry-After")).toBe("7");
    expect(await answer.json()).toEqual({ error: { code: "theirs" } });
    vi.restoreAllMocks();
  }
  const ours = await call(`${api}/v1.0//me`, ana);
  expect([ours.status, ours.headers.get("Latchkey-Upstream")]).toEqual([422, null]);
});

test("a provider that does not answer is provider_unavailable", async () => {
  const ana = proxyCaller("proxy-silent");
  const api = await connectedApi(ana);
  await sandbox("POST", "faults", { path: "/v1.0/me/silent", drop: "before" });
  const answer = await call(`${api}/v1.0/me/silent`, ana);
  expect(await problemOf(answer)).toMatchObject({ status: 503, code: "provider_unavailable" });
  expect(answer.headers.get("Retry-After")).toBe("5");
});

test("another resource or host than the provider's own is refused, and nothing decides the host but that", async () => {
  const ana = proxyCaller("proxy-google");
  const api = await connectedTo("google", ana);
  const seen = play("gmail.googleapis.com", () => json({ emailAddress: "ana" }));
  const gmail = await call(`${api}/gmail/v1/users/me/profile`, ana, {
    headers: { "X-Latchkey-Host": "Gmail.googleapis.com", "X-Latchkey-Resource": "google", Host: "evil.test" },
  });
  expect([gmail.status, gmail.headers.get("Latchkey-Upstream")]).toEqual([200, "google"]);
  expect(seen[0]?.url).toBe("https://gmail.googleapis.com/gmail/v1/users/me/profile");
  for (const host of [
    "evil.test",
    "googleapis.com",
    "gmail.googleapis.com:444",
    "gmail.googleapis.com@evil.test",
    "__proto__",
    "",
  ]) {
    const answer = await call(`${api}/x`, ana, { headers: { "X-Latchkey-Host": host } });
    expect(await problemOf(answer)).toMatchObject({ code: "validation_failed", errors: [{ path: "host" }] });
  }
  for (const resource of ["graph", "constructor", "__proto__", "toString"]) {
    const answer = await call(`${api}/x`, ana, { headers: { "X-Latchkey-Resource": resource } });
    expect(await problemOf(answer)).toMatchObject({ code: "validation_failed", errors: [{ path: "resource" }] });
  }
  expect(seen).toHaveLength(1);
});

test("Notion gets the API version that it insists on, or the caller's", async () => {
  const ana = proxyCaller("proxy-notion");
  const api = await connectedTo("notion", ana);
  const me = await call(`${api}/v1/users/me`, ana);
  expect([me.status, me.headers.get("Latchkey-Upstream")]).toEqual([200, "notion"]);
  expect(await me.json()).toMatchObject({ object: "user", type: "bot" });
  const found = await send("POST", `${api}/v1/search`, ana, { page_size: 1 });
  expect(await found.json()).toMatchObject({ object: "list" });
  const seen = play("api.notion.com", () => json({}));
  await call(`${api}/v1/users`, ana);
  await call(`${api}/v1/users`, ana, { headers: { "Notion-Version": "2022-06-28" } });
  expect(seen.map(({ headers }) => headers["notion-version"])).toEqual(["2025-09-03", "2022-06-28"]);
});
