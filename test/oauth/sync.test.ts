import { afterEach, expect, test } from "vitest";
import { sandbox } from "../support.ts";
import {
  ask,
  connectWith,
  integration,
  plan,
  resetSandbox,
  settings,
  type Shown,
  somebody,
  trailOf,
} from "./manager.ts";

afterEach(resetSandbox);

interface Result {
  readonly id: string;
  readonly outcome: "ok" | "failed";
  readonly changed?: readonly string[];
  readonly failure?: Readonly<Record<string, unknown>>;
  readonly integration: Shown;
}

async function sync(who: { sub: string }): Promise<ReadonlyMap<string, Result>> {
  const answer = await ask(who, "POST", "/integrations/sync");
  expect(answer.status).toBe(200);
  const { results } = await answer.json<{ results: Result[] }>();
  return new Map(results.map((result) => [result.id, result]));
}

const CHANNEL = {
  items: [{ snippet: { title: "Ana's channel", thumbnails: { default: { url: "https://yt3.example/a" } } } }],
};

test("nothing connected is nothing to do", async () => {
  expect((await sync(somebody())).size).toBe(0);
});

test("each connection is asked who it is and what it may; what did not change is not said to have", async () => {
  const who = somebody();
  const ids = [];
  for (const provider of ["microsoft", "google", "notion"]) ids.push(await connectWith(who, { provider }));
  const results = await sync(who);
  expect([...results.keys()].toSorted()).toEqual(ids.toSorted());
  for (const result of results.values()) expect(result).toMatchObject({ outcome: "ok", changed: [] });
  expect(await trailOf(who, "sync")).toHaveLength(3);
});

test("a name and a picture that changed are stored", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" });
  await sandbox("PATCH", "google/users/ana", { picture: "https://lh3.example/new", email: "ana@new.example" });
  const result = (await sync(who)).get(id);
  expect(result).toMatchObject({ outcome: "ok", changed: ["account"] });
  const account = { address: "ana@new.example", picture: "https://lh3.example/new" };
  expect(result?.integration.account).toMatchObject(account);
  expect((await integration(who, id)).account).toMatchObject(account);
});

test("a channel of YouTube is shown by its name, and an account without one by its own", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "youtube" });
  await plan({ path: "/youtube/v3/channels", status: 200, body: CHANNEL });
  const found = (await sync(who)).get(id);
  expect(found?.integration.account).toMatchObject({ name: "Ana's channel", picture: "https://yt3.example/a" });
  await plan({ path: "/youtube/v3/channels", status: 200, body: { kind: "youtube#channelListResponse" } });
  expect((await sync(who)).get(id)).toMatchObject({ outcome: "ok", changed: [] });
});

test.each([
  [403, "quotaExceeded"],
  [403, "rateLimitExceeded"],
  [429, "rateLimitExceeded"],
])(
  "a quota that is used up (%i %s) is the provider's to give back, and says nothing against the grant",
  async (status, reason) => {
    const who = somebody();
    const id = await connectWith(who, { provider: "youtube" });
    const body = {
      error: { code: status, message: "no", errors: [{ domain: "youtube.quota", reason, message: "no" }] },
    };
    await plan({ path: "/youtube/v3/channels", status, body });
    const result = (await sync(who)).get(id);
    expect(result).toMatchObject({ outcome: "failed", failure: { code: "provider_throttled", mend: "nobody" } });
    expect(result?.integration.status).toBe("active");
  },
);

test("a grant that may not read its own account is as good as any", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft", scopes: ["Mail.Send"] });
  await plan({
    path: "/v1.0/me",
    status: 403,
    body: { error: { code: "Authorization_RequestDenied", message: "no" } },
  });
  expect((await sync(who)).get(id)).toMatchObject({ outcome: "ok", changed: [] });
});

test("scopes are read anew", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft" });
  await settings({ extra_token_fields: { scope: "https://graph.microsoft.com/User.Read" } });
  const result = (await sync(who)).get(id);
  expect(result).toMatchObject({ outcome: "ok", changed: ["scopes"] });
  expect(result?.integration).toMatchObject({
    scopes: ["https://graph.microsoft.com/User.Read"],
    missing_scopes: ["https://graph.microsoft.com/Calendars.ReadWrite"],
  });
});

test("what was taken back at the provider waits for its user from then on, and says who can mend it", async () => {
  const who = somebody();
  const [google, notion] = [
    await connectWith(who, { provider: "google" }),
    await connectWith(who, { provider: "notion" }),
  ];
  await sandbox("POST", "google/grants/ana/revoke", {});
  const results = await sync(who);
  expect(results.get(google)).toMatchObject({
    outcome: "failed",
    failure: { code: "reauth_required", reason: "grant_revoked", mend: "user" },
    integration: { status: "reauth_required" },
  });
  expect(results.get(notion)).toMatchObject({ outcome: "ok" });
  expect((await sync(who)).get(google)).toMatchObject({ outcome: "failed", failure: { code: "reauth_required" } });
});

test("an API that refuses a token that was just given says so, and a workspace that is gone waits for its user", async () => {
  const who = somebody();
  const [google, notion] = [
    await connectWith(who, { provider: "google" }),
    await connectWith(who, { provider: "notion" }),
  ];
  await plan({ host: "openidconnect.googleapis.com", path: "/v1/userinfo", status: 401, body: {}, times: 2 });
  await sandbox("POST", "notion/connections/ana/remove", {});
  const results = await sync(who);
  expect(results.get(google)).toMatchObject({
    outcome: "failed",
    failure: { code: "provider_error", reason: "token_refused" },
  });
  expect(results.get(google)?.integration.status).toBe("active");
  expect(results.get(notion)).toMatchObject({ outcome: "failed", failure: { code: "reauth_required" } });
});

test("an answer in the name of another account changes nothing, and is said to be one", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" });
  await plan({
    host: "openidconnect.googleapis.com",
    path: "/v1/userinfo",
    status: 200,
    body: { sub: "666", name: "Mallory" },
  });
  const result = (await sync(who)).get(id);
  expect(result).toMatchObject({ outcome: "failed", failure: { code: "provider_error", reason: "account_mismatch" } });
  expect(result?.integration.account["name"]).not.toBe("Mallory");
});

test("one that is slow holds up no other, four are asked at once, and one that fails fails alone", async () => {
  const who = somebody();
  const ids = [];
  for (const person of ["ana", "bo", "gus", "pat", "eva"])
    ids.push(await connectWith(who, { provider: "notion" }, person));
  const google = await connectWith(who, { provider: "google" });
  await plan({ host: "api.notion.com", path: "/v1/oauth/token", delay_ms: 1_500, times: 2 });
  await plan({ host: "oauth2.googleapis.com", path: "/token", status: 503, body: "down", times: 3 });
  const started = Date.now();
  const results = await sync(who);
  expect(Date.now() - started).toBeLessThan(2_800);
  expect(results.get(google)).toMatchObject({ outcome: "failed", failure: { code: "provider_unavailable" } });
  for (const id of ids) expect(results.get(id)).toMatchObject({ outcome: "ok" });
});
