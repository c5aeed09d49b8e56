import { afterEach, expect, test, vi } from "vitest";
import { call, received, sandbox } from "../support.ts";
import { connectedApi, connectedTo, play, playGraph, proxyCaller } from "./proxied.ts";
import { problemOf } from "./security.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const refused = (challenge = 'Bearer error="invalid_token"') =>
  new Response("no", { status: 401, headers: { "WWW-Authenticate": challenge } });

/** How many refreshes the stand-in has seen so far. */
async function refreshes(): Promise<number> {
  return (await received("*/oauth2/v2.0/token")).filter((one) => one.grant_type === "refresh_token").length;
}

/** A Graph that refuses the first tokens, and what it was sent. */
function refusingFirst(count: number) {
  const bodies: string[] = [];
  const seen = playGraph(async (request) => {
    bodies.push(await request.text());
    return bodies.length <= count ? refused() : new Response("done");
  });
  return { bodies, seen };
}

test("a refused token is renewed once and the call sent again, its body too", async () => {
  const ana = proxyCaller("proxy-401");
  const api = await connectedApi(ana);
  const before = await refreshes();
  const { bodies, seen } = refusingFirst(1);
  const body = "x".repeat(256 * 1024);
  const answer = await call(`${api}/v1.0/x`, ana, { method: "POST", body });
  expect([answer.status, await answer.text()]).toEqual([200, "done"]);
  expect(bodies.map((one) => one === body)).toEqual([true, true]);
  expect(new Set(seen.map(({ headers }) => headers["authorization"])).size).toBe(2);
  expect(await refreshes()).toBe(before + 1);
  // The second try is the same call.
  expect(answer.headers.get("RateLimit")).toContain(";r=599;");
});

test("a token that is refused again needs its user", async () => {
  const ana = proxyCaller("proxy-401-twice");
  const api = await connectedApi(ana);
  const { seen } = refusingFirst(9);
  const answer = await call(`${api}/v1.0/x`, ana);
  expect(await problemOf(answer)).toMatchObject({
    status: 409,
    code: "reauth_required",
    reason: "token_refused",
    authorize_path: "/api/v1/auth/microsoft/",
  });
  expect([answer.headers.get("Latchkey-Upstream"), answer.headers.get("WWW-Authenticate")]).toEqual([null, null]);
  expect(seen).toHaveLength(2);
  // Refusals that go on are not refreshed at every call.
  const before = await refreshes();
  expect(await problemOf(await call(`${api}/v1.0/x`, ana))).toMatchObject({ reason: "token_refused" });
  expect([seen.length, await refreshes()]).toEqual([3, before]);
});

test("a claims challenge is handed on to the next sign-in", async () => {
  const ana = proxyCaller("proxy-claims");
  const api = await connectedApi(ana);
  const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
  const seen = playGraph(() => refused(`Bearer error="insufficient_claims", claims="${btoa(claims)}"`));
  const problem = await problemOf(await call(`${api}/v1.0/x`, ana));
  expect(problem).toMatchObject({ code: "reauth_required", reason: "token_refused" });
  const path = new URL(String(problem["authorize_path"]), "https://x.test");
  expect([path.pathname, path.searchParams.get("claims")]).toEqual(["/api/v1/auth/microsoft/", claims]);
  expect(seen).toHaveLength(1);
});

test("the way to connect again is the manager's for other providers, in beta too", async () => {
  const ana = proxyCaller("proxy-notion-401");
  const api = await connectedTo("notion", ana, "/api/v1/beta");
  play("api.notion.com", ({ url }) => (url.includes("/oauth/") ? undefined : refused()));
  const problem = await problemOf(await call(`${api}/v1/users/me`, ana));
  expect(problem).toMatchObject({ code: "reauth_required", reason: "token_refused" });
  expect(problem["authorize_path"]).toMatch(/^\/api\/v1\/beta\/oauth\/authorize\?provider=notion&connection=con_/);
});

test("a body too large to keep cannot be sent again: the caller repeats the call with a fresh token", async () => {
  const ana = proxyCaller("proxy-401-large");
  const api = await connectedApi(ana);
  const { bodies, seen } = refusingFirst(1);
  const body = "x".repeat(256 * 1024 + 1);
  const answer = await call(`${api}/v1.0/x`, ana, { method: "PUT", body });
  expect(await problemOf(answer)).toMatchObject({ status: 503, code: "provider_unavailable" });
  expect(answer.headers.get("Retry-After")).toBe("1");
  const again = await call(`${api}/v1.0/x`, ana, { method: "PUT", body });
  expect([again.status, seen.length]).toEqual([200, 2]);
  expect(bodies[1] === body).toBe(true);
});

test("a grant that has ended is told by its own reason", async () => {
  const ana = proxyCaller("proxy-ended");
  const api = await connectedApi(ana, "proxy-ended");
  await sandbox("POST", "users/proxy-ended/revoke", { access_tokens: true });
  const answer = await call(`${api}/v1.0/me`, ana);
  expect(await problemOf(answer)).toMatchObject({ code: "reauth_required", reason: "grant_revoked" });
});
