import { expect, it } from "vitest";
import { below, itemsOf, openGoogle, reasonOf, REAL, scopeOf } from "./google/driver.ts";

const MINE = "/youtube/v3/channels?part=snippet,contentDetails,statistics&mine=true";

async function openYouTube(person = "ana", scope = "youtube.readonly") {
  const google = openGoogle();
  const { access_token: token } = await google.signIn(person, { scope: scopeOf(scope) });
  return { google, token, mine: (headers = {}) => google.api(token, MINE, { headers }) };
}

it("tells of one's own channel, with counters as texts", async () => {
  const { mine } = await openYouTube();
  const { status, body, headers } = await mine();
  expect([status, headers.get("ETag")]).toEqual([200, body["etag"]]);
  expect(body).toMatchObject({
    kind: "youtube#channelListResponse",
    pageInfo: { totalResults: 1, resultsPerPage: 5 },
    items: [
      {
        kind: "youtube#channel",
        id: expect.stringMatching(/^UC.{22}$/),
        snippet: { title: "Ana", customUrl: "@ana", thumbnails: { default: { width: 88, height: 88 } } },
        contentDetails: { relatedPlaylists: { likes: "", uploads: expect.stringMatching(/^UU.{22}$/) } },
        statistics: { viewCount: "120", subscriberCount: "7", hiddenSubscriberCount: false, videoCount: "3" },
      },
    ],
  });
});

it("gives the parts that were asked for, by both host names and below the prefix", async () => {
  const { google, token } = await openYouTube();
  const [channel] = itemsOf(await google.api(token, "/youtube/v3/channels?part=id&part=statistics&mine=true"));
  expect(Object.keys(channel ?? {}).toSorted()).toEqual(["etag", "id", "kind", "statistics"]);
  const headers = { Authorization: `Bearer ${token}` };
  expect((await google.fetch(`https://youtube.googleapis.com${MINE}`, { headers })).status).toBe(200);
  const local = `${below("http://localhost:8788").api}${MINE}`;
  expect((await google.fetch(local, { headers })).status).toBe(200);
  expect((await google.fetch(`${REAL.oauth}${MINE}`, { headers })).status).toBe(404);
});

it("leaves items out for whoever has no channel", async () => {
  const { google, mine } = await openYouTube("bo");
  const { status, body } = await mine();
  expect([status, "items" in body, body["pageInfo"]]).toEqual([200, false, { totalResults: 0, resultsPerPage: 5 }]);
  await google.control("/google/users/bo/channel", { title: "Bo plays" }, "PUT");
  expect(itemsOf(await mine())).toMatchObject([{ snippet: { title: "Bo plays" } }]);
  await google.control("/google/users/bo/channel", null, "PUT");
  expect((await mine()).body).not.toHaveProperty("items");
});

it("finds channels by id and by handle", async () => {
  const { google, token, mine } = await openYouTube();
  const id = String(itemsOf(await mine())[0]?.["id"]);
  const get = (filter: string) => google.api(token, `/youtube/v3/channels?part=id&${filter}`);
  for (const filter of [`id=${id},UCnever`, "forHandle=@ana", "forHandle=ana"])
    expect(itemsOf(await get(filter))).toMatchObject([{ id }]);
  expect((await get("id=UCnever")).body).not.toHaveProperty("items");
});

it.each([
  ["mine=true", "required"],
  ["part=&mine=true", "required"],
  ["part=snippet,lies&mine=true", "unknownPart"],
  ["part=snippet", "missingRequiredParameter"],
  ["part=snippet&mine=true&id=x", "incompatibleParameters"],
  ["part=snippet&mine=true&maxResults=51", "invalidParameter"],
])("refuses %s", async (query, reason) => {
  const { google, token } = await openYouTube();
  const refused = await google.api(token, `/youtube/v3/channels?${query}`);
  expect([refused.status, reasonOf(refused)]).toEqual([400, reason]);
});

it.each([
  ["youtube", 200],
  ["youtube.force-ssl", 200],
  ["youtubepartner", 200],
  ["youtube.upload", 403],
  ["yt-analytics.readonly", 403],
  ["calendar", 403],
])("answers %s with %i", async (scope, status) => {
  const { mine } = await openYouTube("ana", scope);
  expect((await mine()).status).toBe(status);
});

it("refuses a token that is unknown, expired, revoked or missing", async () => {
  const { google, token, mine } = await openYouTube();
  const unknown = await google.api("ya29.never", MINE);
  expect([unknown.status, reasonOf(unknown)]).toEqual([401, "authError"]);
  expect(unknown.body["error"]).toMatchObject({
    status: "UNAUTHENTICATED",
    errors: [{ message: "Invalid Credentials" }],
  });
  expect(unknown.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  expect(reasonOf(await google.api(null, MINE))).toBe("required");
  await google.control("/google/grants/ana/revoke", {});
  expect((await mine()).status).toBe(401);
  expect((await google.api(token, "/youtube/v3/never")).status).toBe(401);
});

it("counts every request against the project's day: wrong ones and unchanged ones too", async () => {
  const { google, token, mine } = await openYouTube();
  const left = async () => (await google.control("/google/quota"))["left"];
  const etag = (await mine()).headers.get("ETag") ?? "";
  expect(await left()).toBe(9999);
  expect((await mine({ "If-None-Match": etag })).status).toBe(304);
  await google.api(token, "/youtube/v3/channels?part=lies&mine=true");
  await google.api("ya29.never", MINE);
  expect(await left()).toBe(9997);
});

it("refuses when the quota is used up, until midnight in Los Angeles", async () => {
  const { google, mine } = await openYouTube();
  await google.control("/clock", { set: "2026-11-20T07:30:00Z" });
  await google.control("/google/quota", { left: 1 });
  const { access_token: token } = await google.signIn("ana", { scope: scopeOf("youtube") });
  const get = () => google.api(token, MINE);
  expect((await get()).status).toBe(200);
  const refused = await get();
  expect(refused.status).toBe(403);
  expect(refused.headers.has("Retry-After")).toBe(false);
  expect(refused.body["error"]).toMatchObject({ errors: [{ domain: "youtube.quota", reason: "quotaExceeded" }] });
  await google.control("/clock", { set: "2026-11-20T08:01:00Z" });
  expect((await get()).status).toBe(200);
  expect([200, 401]).toContain((await mine()).status);
});

it("refuses APIs that the project did not enable", async () => {
  const { google, mine } = await openYouTube();
  await google.control("/settings", { google_disabled_apis: ["youtube"] });
  const refused = await mine();
  expect([refused.status, reasonOf(refused)]).toEqual([403, "accessNotConfigured"]);
  expect(refused.body["error"]).toMatchObject({ details: [{ reason: "SERVICE_DISABLED" }] });
});

it.each([
  [{ reason: "rateLimitExceeded" }, 403, "usageLimits"],
  [{ reason: "rateLimitExceeded", status: 429 }, 429, "usageLimits"],
  [{ reason: "quotaExceeded" }, 403, "youtube.quota"],
  [{ reason: "backendError", status: 500 }, 500, "global"],
  [{ reason: "youtubeSignupRequired" }, 401, "youtube.header"],
])("refuses with %o when that was planned, without Retry-After", async (planned, status, domain) => {
  const { google, mine } = await openYouTube();
  await google.control("/google/faults", { ...planned, path: "/youtube/v3/channels" });
  const refused = await mine();
  expect([refused.status, refused.headers.has("Retry-After")]).toEqual([status, false]);
  expect(refused.body["error"]).toMatchObject({ code: status, errors: [{ domain, reason: planned.reason }] });
  expect((await mine()).status).toBe(200);
});
