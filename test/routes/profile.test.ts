import { afterEach, expect, test, vi } from "vitest";
import { call, connect, sandbox } from "../support.ts";
import { connectionIn, flow } from "./flow.ts";
import { BASES, problemOf } from "./security.ts";

const PROFILE = "/api/v1/auth/microsoft/user";

afterEach(() => {
  vi.useRealTimers();
});

test.each(BASES)("%s gives the profile of the connected account", async (base) => {
  const claims = { sub: "profile-ana" };
  await connect(claims, "ana", base);
  const answer = await call(`${base}/auth/microsoft/user`, claims);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(await answer.json()).toEqual({
    id: "2b0e6c1a-1111-4222-8333-444455556666",
    display_name: "Ana Rossi",
    given_name: "Ana",
    surname: "Rossi",
    mail: "ana@contoso.example",
    user_principal_name: "ana@contoso.example",
    job_title: "Auditor",
    office_location: null,
    preferred_language: null,
    mobile_phone: null,
    business_phones: [],
  });
});

test("an account without a mail address shows its user principal name", async () => {
  const claims = { sub: "profile-pat" };
  await connect(claims, "pat");
  expect(await (await call(PROFILE, claims)).json()).toMatchObject({
    mail: "pat@outlook.example",
    user_principal_name: "pat@outlook.example",
  });
});

test("of two accounts the one connected last answers, unless one is named", async () => {
  const claims = { sub: "profile-two" };
  const ana = await connectionIn(await flow(claims, "ana"));
  const bo = await connectionIn(await flow(claims, "bo"));
  const name = async (query = "") => (await (await call(PROFILE + query, claims)).json<{ surname: string }>()).surname;
  expect(await name()).toBe("Tanaka");
  expect(await name(`?connection=${ana.id}`)).toBe("Rossi");
  expect(await name(`?connection=${bo.id}`)).toBe("Tanaka");
});

test.each(BASES)("%s tells a user without an account where to connect one", async (base) => {
  const answer = await call(`${base}/auth/microsoft/user`, { sub: "profile-nobody" });
  expect(await problemOf(answer)).toMatchObject({
    status: 404,
    code: "not_connected",
    authorize_path: `${base}/auth/microsoft/`,
    mend: "user",
  });
});

test("an answer of Graph that is no profile is the provider's error", async () => {
  const claims = { sub: "profile-odd" };
  await connect(claims, "ana");
  await sandbox("POST", "faults", { path: "/v1.0/me", status: 200, body: { hello: 1 } });
  expect(await problemOf(await call(PROFILE, claims))).toMatchObject({ status: 502, code: "provider_error" });
});

test("a token that Graph has cut short is renewed once, and the caller notices nothing", async () => {
  const claims = { sub: "profile-revoked" };
  await connect(claims, "ana");
  await sandbox("DELETE", "requests");
  await sandbox("POST", "faults", { path: "/v1.0/me", status: 401 });
  expect((await call(PROFILE, claims)).status).toBe(200);
  const refreshes = await sandbox("GET", "requests?grant_type=refresh_token");
  expect((await refreshes.json<{ requests: unknown[] }>()).requests).toHaveLength(1);
});

test("a grant that was revoked asks for a new sign-in, and that one heals the same connection", async () => {
  const claims = { sub: "profile-healed" };
  const before = await connectionIn(await flow(claims, "bo"));
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  await sandbox("POST", "users/bo/revoke");
  for (let count = 0; count < 2; count += 1) {
    expect(await problemOf(await call(PROFILE, claims))).toMatchObject({
      status: 409,
      code: "reauth_required",
      reason: "grant_revoked",
      provider_code: "AADSTS50173",
      authorize_path: "/api/v1/auth/microsoft/",
    });
  }
  vi.useRealTimers();
  const after = await connectionIn(await flow(claims, "bo"));
  expect(after).toMatchObject({ id: before.id, status: "active", status_reason: null });
  expect((await call(PROFILE, claims)).status).toBe(200);
});
