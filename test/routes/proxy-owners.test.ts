import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { proxyLimitFor } from "../../src/lib/limits.ts";
import { sleep } from "../connections/keeper.ts";
import { call } from "../support.ts";
import { apiOf, connectedApi, connectedTo, play, playGraph, proxyCaller } from "./proxied.ts";
import { BASES, problemOf, withstands } from "./security.ts";

const UNKNOWN = apiOf("con_000000000000000000000000", "");

for (const base of BASES)
  withstands({
    base,
    method: "GET",
    path: `${UNKNOWN}/v1.0/me`,
    scope: "proxy",
    limit: { name: "proxy", quota: 300, windowS: 60 },
  });

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe.each(BASES)("below %s", (base) => {
  test("another owner's connection is not found, nor one that was disconnected", async () => {
    const [ana, bo] = [proxyCaller(`owner-ana${base}`), proxyCaller(`owner-bo${base}`)];
    const api = await connectedApi(ana, "ana", base);
    const seen = playGraph(() => new Response("hers"));
    expect((await call(`${api}/v1.0/me`, ana)).status).toBe(200);
    const problem = { status: 404, code: "not_found", detail: "No such connection." };
    expect(await problemOf(await call(`${api}/v1.0/me`, bo))).toMatchObject(problem);
    vi.restoreAllMocks();
    const gone = await call(api.replace("/proxy", ""), ana, { method: "DELETE" });
    expect(gone.status).toBeLessThan(300);
    expect(await problemOf(await call(`${api}/v1.0/me`, ana))).toMatchObject(problem);
    expect(seen).toHaveLength(1);
  });

  test("a connection of one system is not found in the other", async () => {
    const claims = proxyCaller(`systems${base}`);
    const api = await connectedApi(claims, "ana", base);
    const elsewhere = base === "/api/v1" ? api.replace("/v1/", "/v1/beta/") : api.replace("/beta/", "/");
    expect(await problemOf(await call(`${elsewhere}/v1.0/me`, claims))).toMatchObject({ code: "not_found" });
    expect((await call(`${api}/v1.0/me`, claims)).status).toBe(200);
  });
});

test.each(["", "tokens:read", "proxyx", "PROXY"])("the permission proxy is needed; '%s' is another", async (scope) => {
  const ana = proxyCaller("proxy-permission");
  const api = await connectedApi(ana);
  const seen = playGraph(() => new Response("never"));
  const answer = await call(`${api}/v1.0/me`, { ...ana, scope });
  expect(await problemOf(answer)).toMatchObject({ status: 403, code: "forbidden", missing_permission: "proxy" });
  expect(answer.headers.get("WWW-Authenticate")).toContain('scope="proxy"');
  expect(seen).toEqual([]);
});

test("a token that holds more than the caller's role may have goes nowhere", async () => {
  const ana = proxyCaller("proxy-policy");
  const api = await connectedApi(ana);
  const seen = playGraph(() => new Response("never"));
  const id = /con_\w+/.exec(api)?.[0] ?? "";
  const scopes = JSON.stringify(["https://graph.microsoft.com/Directory.Read.All"]);
  await env.DB.prepare("update connections set scopes = ?1 where id = ?2").bind(scopes, id).run();
  await env.DB.prepare(
    "update connections set access_tokens = json_set(access_tokens, '$.graph.scopes', json(?1)) where id = ?2",
  )
    .bind(scopes, id)
    .run();
  await sleep("proxy-policy");
  const answer = await call(`${api}/v1.0/users`, ana);
  expect(await problemOf(answer)).toMatchObject({ status: 403, code: "forbidden", reason: "scope_beyond_policy" });
  expect(seen).toEqual([]);
  expect((await call(`${api}/v1.0/users`, { ...ana, roles: ["tenant_admin"] })).status).toBe(200);
});

test("each provider has a limit of its own, and says so", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const ana = proxyCaller("proxy-limits");
  const [youtube, microsoft] = [await connectedTo("youtube", ana), await connectedApi(ana)];
  play("www.googleapis.com", () => new Response("{}"));
  const policies = async (api: string) => {
    const answer = await call(`${api}/youtube/v3/x`, ana);
    return [answer.status, answer.headers.get("RateLimit-Policy"), answer.headers.get("RateLimit")];
  };
  expect(await policies(youtube)).toEqual([200, '"proxy";q=60;w=60', '"proxy";r=59;t=60']);
  for (let count = 1; count < 60; count += 1) await call(`${youtube}/youtube/v3/x`, ana);
  const refused = await call(`${youtube}/youtube/v3/x`, ana);
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: "rate_limited" });
  expect([refused.headers.get("Retry-After"), refused.headers.get("Latchkey-Upstream")]).toEqual(["60", null]);
  vi.restoreAllMocks();
  playGraph(() => new Response("{}"));
  expect(await policies(microsoft)).toEqual([200, '"proxy";q=600;w=60', '"proxy";r=599;t=60']);
  vi.setSystemTime(Date.now() + 60_000);
  vi.restoreAllMocks();
  play("www.googleapis.com", () => new Response("{}"));
  expect((await policies(youtube))[0]).toBe(200);
});

test("the operator's proxy limit holds for every provider; each still counts for itself", () => {
  const provider = { id: "google", proxyLimit: { quota: 600, windowMs: 60_000 } };
  const limits = { proxy: { quota: 5, windowS: 10 } };
  expect(proxyLimitFor({ limits }, provider)).toEqual({ bucket: "proxy/google", quota: 5, windowMs: 10_000 });
  expect(proxyLimitFor({ limits: {} }, provider)).toEqual({ bucket: "proxy/google", quota: 600, windowMs: 60_000 });
  expect(proxyLimitFor({ limits: {} }, undefined)).toEqual({ bucket: "proxy", quota: 300, windowMs: 60_000 });
});

test("a call costs the keeper one question", async () => {
  const ana = proxyCaller("proxy-cost");
  const api = await connectedApi(ana);
  playGraph(() => new Response("{}"));
  const asked = vi.spyOn(env.USER_KEEPER, "get");
  expect((await call(`${api}/v1.0/me`, ana)).status).toBe(200);
  // The other one is the record of it, behind the answer.
  expect(asked).toHaveBeenCalledTimes(2);
});
