import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { outlineOf } from "../../src/routes/proxy/trail.ts";
import { call, callerToken, ORIGIN, type TokenClaims, workerWith } from "../support.ts";
import { connectedApi, playGraph, proxyCaller } from "./proxied.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The owner's records of proxy calls, when there are so many of them. */
async function records(owner: string, count: number): Promise<Record<string, unknown>[]> {
  return vi.waitFor(async () => {
    const query =
      "select actor, provider, outcome, code, request_id, detail from audit where owner = ?1 and action = 'proxy'";
    const { results } = await env.DB.prepare(`${query} order by seq`).bind(owner).all();
    expect(results).toHaveLength(count);
    return results.map((row) => ({ ...row, detail: JSON.parse(String(row["detail"])) as unknown }));
  });
}

test("a call is recorded by what it was, never by what it was about", async () => {
  const ana = proxyCaller("proxy-audit");
  const api = await connectedApi(ana);
  playGraph(() => new Response("{}", { status: 404 }));
  const secret = "AAMkSECRETid";
  await call(`${api}/v1.0/me/messages/${secret}?$search=private`, ana, {
    method: "PATCH",
    body: "private",
    headers: { "X-Request-Id": "request-of-audit" },
  });
  const [record] = await records("proxy-audit", 1);
  expect(record).toEqual({
    actor: "proxy-audit",
    provider: "microsoft",
    outcome: "ok",
    code: null,
    request_id: "request-of-audit",
    detail: { method: "PATCH", resource: "graph", path: "v1.0/me", status: 404, took_ms: expect.any(Number) as number },
  });
  expect(JSON.stringify(record)).not.toMatch(/SECRET|private/);
});

test("a call without an answer is recorded as what became of it", async () => {
  const ana = proxyCaller("proxy-audit-fails");
  const api = await connectedApi(ana);
  playGraph(() => Promise.reject(new Error("reset")));
  expect((await call(`${api}/v1.0/me`, ana)).status).toBe(503);
  vi.restoreAllMocks();
  playGraph(() => new Response("", { status: 401 }));
  expect((await call(`${api}/v1.0/me`, ana)).status).toBe(409);
  const codes = (await records("proxy-audit-fails", 2)).map(({ outcome, code }) => [outcome, code]);
  expect(codes).toEqual([
    ["failed", "provider_unavailable"],
    ["failed", "reauth_required"],
  ]);
});

test("of a sample each record says for how many calls it stands", async () => {
  const ana = proxyCaller("proxy-sample");
  const api = await connectedApi(ana);
  playGraph(() => new Response("{}"));
  const chance = vi.spyOn(Math, "random");
  for (const value of [0.24, 0.25, 0.9]) {
    chance.mockReturnValue(value);
    expect((await sampled("0.25", `${api}/v1.0/me`, ana)).status).toBe(200);
  }
  const [record] = await records("proxy-sample", 1);
  expect(record?.["detail"]).toMatchObject({ weight: 4 });
});

test("with a sample of nothing nothing is recorded", async () => {
  const ana = proxyCaller("proxy-no-sample");
  const api = await connectedApi(ana);
  playGraph(() => new Response("{}"));
  vi.spyOn(Math, "random").mockReturnValue(0);
  expect((await sampled("0", `${api}/v1.0/me`, ana)).status).toBe(200);
  await call(`${api}/v1.0/me`, ana);
  await records("proxy-no-sample", 1);
});

async function sampled(share: string, path: string, claims: TokenClaims): Promise<Response> {
  const headers = { Authorization: `Bearer ${await callerToken(claims)}` };
  return workerWith({ AUDIT_PROXY_SAMPLE: share })(new Request(ORIGIN + path, { headers }));
}

test("an outline of a path has nouns of the API and no ids", () => {
  const outlines = {
    "v1.0/me/events/AAMk": "v1.0/me",
    "v1.0/$batch": "v1.0/$batch",
    "beta/users/ana@contoso.com": "beta/users",
    "v1.0/users('ana@contoso.com')": "v1.0",
    "calendar/v3/calendars/primary/events": "calendar/v3",
    "v1/pages/59833787-2cf9-4fdf-8782-e53db20768a5": "v1/pages",
    "items/ana": "items",
    "59833787-2cf9": "",
    "v1/59833787": "v1",
    "": "",
    "a%2Fb/c": "",
  };
  for (const [path, outline] of Object.entries(outlines)) expect([path, outlineOf(path)]).toEqual([path, outline]);
});
