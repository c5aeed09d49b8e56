import { afterEach, expect, test, vi } from "vitest";
import { REQUEST_HEADERS } from "../../src/routes/proxy/headers.ts";
import { call, ORIGIN, workerWith } from "../support.ts";
import { connectedApi, playGraph, proxyCaller } from "./proxied.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Headers of a caller that no provider may see. */
const KEPT_FROM_PROVIDERS = {
  Cookie: "session=1",
  Origin: "https://app.test",
  Referer: "https://app.test/secret",
  "Proxy-Authorization": "Basic eDp5",
  "X-Forwarded-For": "203.0.113.1",
  "X-Forwarded-Host": "evil.test",
  Forwarded: "for=203.0.113.1",
  "CF-Connecting-IP": "203.0.113.1",
  "CF-IPCountry": "IT",
  "True-Client-IP": "203.0.113.1",
  "X-HTTP-Method-Override": "DELETE",
  "X-Method-Override": "DELETE",
  "X-Goog-Api-Key": "key",
  "X-Goog-User-Project": "somebody-elses",
  "X-Original-URL": "/v1.0/users",
  "X-Request-Id": "request-0001",
  "X-Latchkey-Resource": "graph",
  "X-Latchkey-Host": "graph.microsoft.com",
  "X-Purpose": "none of theirs",
  Connection: "keep-alive",
  "Proxy-Connection": "keep-alive",
  TE: "trailers",
  Via: "1.1 x",
};

test("the provider gets the caller's harmless headers and the connection's token, and nothing else", async () => {
  const ana = proxyCaller("proxy-headers-in");
  const api = await connectedApi(ana);
  const seen = playGraph(() => new Response(null, { status: 204 }));
  const allowed = Object.fromEntries(REQUEST_HEADERS.map((name) => [name, `value of ${name}`]));
  await call(`${api}/v1.0/me`, ana, { headers: { ...KEPT_FROM_PROVIDERS, ...allowed } });
  const { authorization, "user-agent": agent, ...headers } = seen[0]?.headers ?? {};
  const expected = REQUEST_HEADERS.map((name) => [name.toLowerCase(), `value of ${name}`] as const);
  expect(headers).toEqual(Object.fromEntries(expected));
  expect(agent).toBe("Latchkey");
  expect(authorization).toMatch(/^Bearer \S{40,}$/);
});

/** Headers of a provider that would speak for this house, or give something away. */
const KEPT_FROM_CALLERS = {
  "Set-Cookie": "a=b; Domain=latchkey.test",
  "Strict-Transport-Security": "max-age=0",
  "Content-Security-Policy": "default-src *",
  "Content-Security-Policy-Report-Only": "default-src *",
  "Access-Control-Allow-Origin": "https://evil.test",
  "Access-Control-Allow-Credentials": "true",
  "Access-Control-Expose-Headers": "*",
  "WWW-Authenticate": "Basic",
  "Proxy-Authenticate": "Basic",
  Authorization: "Bearer leaked",
  Server: "theirs",
  "X-Powered-By": "theirs",
  "Alt-Svc": 'h3=":443"',
  "Clear-Site-Data": '"*"',
  Refresh: "0; url=https://evil.test",
  "X-Frame-Options": "ALLOWALL",
  "Referrer-Policy": "unsafe-url",
  "Cross-Origin-Opener-Policy": "unsafe-none",
  "Report-To": "{}",
  NEL: "{}",
  "X-Content-Type-Options": "none",
  "Cache-Control": "public, max-age=600",
  "Service-Worker-Allowed": "/",
  "X-Request-Id": "theirs-00001",
  Upgrade: "h2c",
};

const PASSED_ON = {
  "content-type": "application/octet-stream",
  "content-language": "it",
  "content-disposition": 'attachment; filename="a.txt"',
  "content-range": "bytes 0-1/4",
  "accept-ranges": "bytes",
  etag: 'W/"7"',
  "last-modified": "Thu, 01 Oct 2026 00:00:00 GMT",
  "retry-after": "3",
  "ratelimit-limit": "10",
  "ratelimit-remaining": "4",
  "ratelimit-reset": "9",
  "x-ratelimit-remaining": "4",
  "request-id": "1234",
  "client-request-id": "5678",
  "x-ms-ags-diagnostic": "{}",
  "x-goog-upload-status": "active",
  "odata-version": "4.0",
  "preference-applied": "outlook.timezone",
};

test("the caller gets the provider's harmless headers; those that speak for this house stay its own", async () => {
  const ana = proxyCaller("proxy-headers-out");
  const api = await connectedApi(ana);
  const plain = await call(`${api}/v1.0//`, ana);
  playGraph(() => new Response("four", { status: 206, headers: { ...KEPT_FROM_CALLERS, ...PASSED_ON } }));
  const answer = await call(`${api}/v1.0/me`, ana, { headers: { Origin: "https://app.test" } });
  const headers = Object.fromEntries(answer.headers);
  expect(headers).toMatchObject(PASSED_ON);
  for (const [name, theirs] of Object.entries(KEPT_FROM_CALLERS))
    expect([name, headers[name.toLowerCase()]]).not.toEqual([name, theirs]);
  for (const name of [
    "set-cookie",
    "www-authenticate",
    "content-security-policy",
    "server",
    "alt-svc",
    "authorization",
  ])
    expect(answer.headers.get(name)).toBeNull();
  for (const name of ["strict-transport-security", "x-content-type-options", "x-frame-options", "referrer-policy"])
    expect([name, headers[name]]).toEqual([name, plain.headers.get(name)]);
  expect(headers).toMatchObject({
    "cache-control": "no-store",
    "access-control-allow-origin": "https://app.test",
    ratelimit: expect.stringMatching(/^"proxy";/) as string,
  });
  expect(headers["access-control-expose-headers"]).toMatch(/Latchkey-Upstream.*Link/);
});

test("a script of an allowed origin may send what the proxy takes", async () => {
  const headers = {
    Origin: "https://app.test",
    "Access-Control-Request-Method": "HEAD",
    "Access-Control-Request-Headers": "authorization,sdkversion,client-request-id,x-latchkey-host",
  };
  const asked = await workerWith({})(
    new Request(`${ORIGIN}/api/v1/oauth/integrations/x/proxy/me`, { method: "OPTIONS", headers }),
  );
  expect(asked.headers.get("Access-Control-Allow-Methods")).toContain("HEAD");
  expect(asked.headers.get("Access-Control-Allow-Headers")).toMatch(/X-Latchkey-Host.*client-request-id.*SdkVersion/);
});

/** Location as the provider writes it → as the caller gets it. `{api}` is the connection's API here. */
const LOCATIONS: Readonly<Record<string, string | null>> = {
  "https://graph.microsoft.com/v1.0/me/events/1?a=b": "{api}/v1.0/me/events/1?a=b",
  "/v1.0/operations/7": "{api}/v1.0/operations/7",
  "8": "{api}/v1.0/drive/8",
  "https://graph.microsoft.com:443/v1.0/x": "{api}/v1.0/x",
  "https://contoso.sharepoint.com/download?tempauth=eyJ0": "https://contoso.sharepoint.com/download?tempauth=eyJ0",
  "//evil.test/x": "https://evil.test/x",
  "http://graph.microsoft.com/v1.0/x": "http://graph.microsoft.com/v1.0/x",
  "https://graph.microsoft.com.evil.test/v1.0/x": "https://graph.microsoft.com.evil.test/v1.0/x",
  "javascript:alert(1)": null,
};

test.each([201, 302, 303, 307, 308])(
  "a redirect (%i) is not followed, and one to the same API leads through the proxy",
  async (status) => {
    const ana = proxyCaller(`proxy-location-${status}`);
    const api = await connectedApi(ana);
    for (const [location, expected] of Object.entries(LOCATIONS)) {
      const seen = playGraph(() => new Response(null, { status, headers: { Location: location } }));
      const spy = vi.mocked(globalThis.fetch);
      const answer = await call(`${api}/v1.0/drive/content`, ana);
      expect(answer.status).toBe(status);
      expect(answer.headers.get("Location")).toBe(expected?.replace("{api}", ORIGIN + api) ?? null);
      expect(seen).toHaveLength(1);
      // Nothing went anywhere else either.
      expect(spy).toHaveBeenCalledTimes(1);
      vi.restoreAllMocks();
    }
  },
);

test("pages in a Link header lead through the proxy", async () => {
  const ana = proxyCaller("proxy-link");
  const api = await connectedApi(ana);
  const link = '<https://graph.microsoft.com/v1.0/x?page=2>; rel="next", <https://docs.test/x>; rel="help"';
  playGraph(() => new Response("[]", { headers: { Link: link } }));
  const answer = await call(`${api}/v1.0/x`, ana);
  expect(answer.headers.get("Link")).toBe(
    `<${ORIGIN}${api}/v1.0/x?page=2>; rel="next", <https://docs.test/x>; rel="help"`,
  );
});

test("a HEAD tells the length of what a GET would bring", async () => {
  const ana = proxyCaller("proxy-head");
  const api = await connectedApi(ana);
  playGraph(() => new Response(null, { headers: { "Content-Length": "12345", "Content-Type": "image/png" } }));
  const answer = await call(`${api}/v1.0/me/photo/$value`, ana, { method: "HEAD" });
  expect([answer.status, answer.headers.get("Content-Length")]).toEqual([200, "12345"]);
});
