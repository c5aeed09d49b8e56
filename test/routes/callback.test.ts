import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { signState } from "../../src/connections/state.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { Owner } from "../../src/lib/ids.ts";
import { createKeyRing } from "../../src/lib/key-ring.ts";
import { call, listen, sandbox, signIn } from "../support.ts";
import { altered, begin, comeBack, connectionIn, flow } from "./flow.ts";
import { problemOf } from "./security.ts";

const INVALID = { status: 400, code: "state_invalid" };
const APP = "https://app.test/settings?tab=accounts";

afterEach(() => {
  vi.useRealTimers();
});

test("a user who signs in is connected, and sees nothing secret", async () => {
  const answer = await flow({ sub: "cb-ana" }, "ana");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(answer.headers.get("Referrer-Policy")).toBe("no-referrer");
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
  expect(await answer.json()).toEqual({
    connection: {
      id: expect.stringMatching(/^con_[0-9a-z]{24}$/) as string,
      provider: "microsoft",
      status: "active",
      status_reason: null,
      account: {
        name: "Ana Rossi",
        address: "ana@contoso.example",
        tenant: "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d",
        picture: null,
      },
      scopes: ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Calendars.ReadWrite"],
      token_expires_at: time,
      connected_at: time,
      created_at: time,
    },
  });
});

test.each([
  ["gus", "0f9a4c1d-2222-4333-8444-5555666677aa"],
  ["pat", "9188040d-6c67-4c5b-b112-36a304b66dad"],
])("%s connects too: another tenant's member, a personal account", async (person, tenant) => {
  const connection = await connectionIn(await flow({ sub: `cb-${person}` }, person));
  expect(connection).toMatchObject({ status: "active", account: { tenant } });
});

test("the same account again updates its connection in place; another account is a second one", async () => {
  const claims = { sub: "cb-twice" };
  const first = await connectionIn(await flow(claims, "ana"));
  const again = await connectionIn(await flow(claims, "ana"));
  const other = await connectionIn(await flow(claims, "bo"));
  expect(again).toMatchObject({ id: first.id, created_at: first["created_at"], status: "active" });
  expect(other.id).not.toBe(first.id);
  const rows = await env.DB.prepare("select account from connections where owner = ?1").bind("cb-twice").all();
  expect(rows.results).toHaveLength(2);
});

test("one account of Microsoft can be connected by two users, each with a connection of their own", async () => {
  const first = await connectionIn(await flow({ sub: "cb-one" }, "ana"));
  const second = await connectionIn(await flow({ sub: "cb-two" }, "ana"));
  expect(second.id).not.toBe(first.id);
});

test.each(["dora", "cancel"])("a user who says no (%s) is told so, and nothing is stored", async (person) => {
  const claims = { sub: `cb-${person}` };
  expect(await problemOf(await flow(claims, person))).toMatchObject({
    status: 400,
    code: "consent_denied",
    reason: "consent_declined",
    provider_code: "AADSTS65004",
    mend: "user",
  });
  expect(await problemOf(await call("/api/v1/auth/microsoft/user", claims))).toMatchObject({ code: "not_connected" });
});

test("a state that was used is worth nothing, also while its code is still good", async () => {
  const { authorization_url: url } = await begin({ sub: "cb-used" });
  const callback = await signIn(url, "ana");
  const wrongCode = altered(callback, { code: "1.AXkA-made-up" });
  expect((await comeBack(wrongCode, "cb-used")).ok).toBe(false);
  expect(await problemOf(await comeBack(callback, "cb-used"))).toMatchObject(INVALID);
});

test("a finished sign-in cannot be finished again", async () => {
  const { authorization_url: url } = await begin({ sub: "cb-again" });
  const callback = await signIn(url, "ana");
  const answers = await Promise.all([1, 2, 3].map(() => comeBack(callback, "cb-again")));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400]);
});

test("a refusal uses the state up as well", async () => {
  const { authorization_url: url } = await begin({ sub: "cb-refusal" });
  const denied = altered(await signIn(url, "ana"), { error: "access_denied", code: undefined });
  expect(await problemOf(await comeBack(denied, "cb-refusal"))).toMatchObject({ code: "consent_denied" });
  expect(await problemOf(await comeBack(await signIn(url, "ana"), "cb-refusal"))).toMatchObject(INVALID);
});

test("an error beside a code is an error", async () => {
  const { authorization_url: url } = await begin({ sub: "cb-both" });
  const both = altered(await signIn(url, "ana"), { error: "access_denied" });
  expect(await problemOf(await comeBack(both, "cb-both"))).toMatchObject({ code: "consent_denied" });
});

test.each(["constructor", "toString", "__proto__"])(
  "an error called %s is nothing but an unknown error",
  async (error) => {
    const { state } = await begin({ sub: `cb-${error}` });
    const url = `/api/v1/auth/microsoft/callback?${new URLSearchParams({ state, error }).toString()}`;
    expect(await problemOf(await comeBack(url, `cb-${error}`))).toMatchObject({ status: 502, code: "provider_error" });
  },
);

test("a sign-in that took longer than ten minutes has to start again", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { authorization_url: url } = await begin({ sub: "cb-late" });
  const callback = await signIn(url, "ana");
  vi.setSystemTime(Date.now() + 10 * 60_000 + 1_000);
  expect(await problemOf(await comeBack(callback, "cb-late"))).toMatchObject(INVALID);
});

test("a sign-in of nine minutes is in time", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { authorization_url: url } = await begin({ sub: "cb-slow" });
  const callback = await signIn(url, "ana");
  vi.setSystemTime(Date.now() + 9 * 60_000);
  expect((await comeBack(callback, "cb-slow")).status).toBe(200);
});

/** A state signed with the Worker's own key, as nobody outside can. */
function forge(changes: {
  system?: "main" | "beta";
  provider?: string;
  secret?: string;
  flow?: string;
}): Promise<string> {
  const { ringKeys } = parseConfig({ TOKEN_ENCRYPTION_KEY: changes.secret ?? env.TOKEN_ENCRYPTION_KEY });
  return signState(createKeyRing(ringKeys, undefined), {
    system: changes.system ?? "main",
    owner: Owner.parse("cb-forged"),
    provider: changes.provider ?? "microsoft",
    redirectUri: "https://latchkey.test/api/v1/auth/microsoft/callback",
    flow: changes.flow ?? "a".repeat(24),
    expiresAt: Date.now() + 60_000,
  });
}

const stateOf = async (sub: string) => (await begin({ sub })).state;

test.each([
  ["no state at all", () => undefined],
  ["an empty state", () => ""],
  ["a state that is no token", () => "nonsense"],
  ["an altered state", async () => (await stateOf("cb-forged")).replace(/\.[\w-]{5}/, ".AAAAA")],
  [
    "a state with another signature",
    async () => `${(await stateOf("cb-forged")).split(".").slice(0, 2).join(".")}.AAAA`,
  ],
  ["a state signed by another key", () => forge({ secret: `k1:${btoa("k".repeat(32))}` })],
  ["a state of another system", () => forge({ system: "beta" })],
  ["a state of another provider", () => forge({ provider: "google" })],
  ["a state of a sign-in that never began", () => forge({})],
])("%s is invalid", async (_what, make) => {
  const url = altered("https://latchkey.test/api/v1/auth/microsoft/callback?code=x", { state: await make() });
  const answer = await comeBack(url, "cb-forged");
  expect(await problemOf(answer)).toMatchObject(INVALID);
});

test.each([
  ["another system", { system: "beta" }],
  ["another provider", { provider: "google" }],
] as const)("the log says of a state of %s that its own words refuse it", async (_what, changes) => {
  const lines = listen();
  const url = altered("https://latchkey.test/api/v1/auth/microsoft/callback?code=x", { state: await forge(changes) });
  await comeBack(url, "cb-forged-log");
  vi.restoreAllMocks();
  expect(lines.join("\n")).toContain('"reason":"state: ERR_JWT_CLAIM_VALIDATION_FAILED"');
});

test("a state names its owner: one user's sign-in never lands with another", async () => {
  const mine = await begin({ sub: "cb-mine" });
  const callback = await signIn(mine.authorization_url, "ana");
  const theirs = altered(callback, { state: await stateOf("cb-theirs") });
  expect(await problemOf(await comeBack(theirs, "cb-x"))).toMatchObject({ code: "state_invalid" });
  const answer = await call("/api/v1/auth/microsoft/user", { sub: "cb-theirs" });
  expect(await problemOf(answer)).toMatchObject({ code: "not_connected" });
});

test.each([undefined, ""])("a callback with the code %j and no error uses the state up", async (code) => {
  const { authorization_url: url } = await begin({ sub: "cb-empty" });
  const callback = await signIn(url, "ana");
  expect(await problemOf(await comeBack(altered(callback, { code }), "cb-empty"))).toMatchObject(INVALID);
  expect(await problemOf(await comeBack(callback, "cb-empty"))).toMatchObject(INVALID);
});

test("the browser goes back to return_to with the connection's id", async () => {
  const { authorization_url: url, state } = await begin({ sub: "cb-return" }, { return_to: APP });
  const answer = await comeBack(await signIn(url, "ana"), "cb-return");
  expect(answer.status).toBe(302);
  const location = new URL(answer.headers.get("Location") ?? "");
  expect(location.origin + location.pathname).toBe("https://app.test/settings");
  expect([...location.searchParams.keys()]).toEqual(["tab", "connection", "state"]);
  expect(location.searchParams.get("state")).toBe(state);
  expect(location.searchParams.get("connection")).toMatch(/^con_/);
});

test("the browser goes back to return_to with a failure by name, and nothing of the provider's words", async () => {
  const { authorization_url: url, state } = await begin({ sub: "cb-return-no" }, { return_to: APP });
  const answer = await comeBack(await signIn(url, "dora"), "cb-return-no");
  expect(answer.status).toBe(302);
  expect(Object.fromEntries(new URL(answer.headers.get("Location") ?? "").searchParams)).toEqual({
    tab: "accounts",
    error: "consent_denied",
    reason: "consent_declined",
    request_id: answer.headers.get("X-Request-Id"),
    state,
  });
});

test("a state that return_to brings along gives way to the sign-in's own", async () => {
  const { authorization_url: url, state } = await begin({ sub: "cb-own" }, { return_to: `${APP}&state=forged` });
  const answer = await comeBack(await signIn(url, "ana"), "cb-own");
  expect(new URL(answer.headers.get("Location") ?? "").searchParams.getAll("state")).toEqual([state]);
});

test("while Microsoft's token endpoint is down the sign-in fails as that", async () => {
  await sandbox("POST", "faults", { path: "/common/oauth2/v2.0/token", status: 503, retry_after: 9 });
  const answer = await flow({ sub: "cb-down" }, "ana");
  expect(await problemOf(answer)).toMatchObject({ status: 503, code: "provider_unavailable", mend: "nobody" });
  expect(answer.headers.get("Retry-After")).toBe("9");
});
