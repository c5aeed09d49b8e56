import { expect, test } from "vitest";
import { collect } from "../../src/graph/pages.ts";
import { play } from "./scripted.ts";

const LIST = { path: "/me/calendars", query: { $top: "2" }, headers: { prefer: "x" }, label: "test" };
const ROOT = "https://graph.microsoft.com/v1.0";

test("pages are followed by the very link that Graph gave, through empty ones, with the same headers", async () => {
  const link = (at: string) => `${ROOT}/me/calendars?%24skiptoken=a%2Bb%3D${at}`;
  const { graph, sent } = play({
    steps: [
      Response.json({ value: [1, 2], "@odata.nextLink": link("1") }),
      Response.json({ value: [], "@odata.nextLink": link("2") }),
      Response.json({ value: [3] }),
    ],
  });
  expect(await collect(graph, LIST, 10)).toEqual([1, 2, 3]);
  expect(sent.slice(1).map(({ request }) => request.url)).toEqual([link("1"), link("2")]);
  expect(sent.map(({ request }) => request.headers.get("prefer"))).toEqual(["x", "x", "x"]);
});

test("no more pages are read than asked for", async () => {
  const page = () => Response.json({ value: [1], "@odata.nextLink": `${ROOT}/me/calendars?$skip=1` });
  const { graph } = play({ steps: [page(), page()] });
  expect(await collect(graph, LIST, 2)).toEqual([1, 1]);
});

test.each([
  "https://evil.test/v1.0/me/calendars",
  "https://graph.microsoft.com.evil.test/v1.0/me",
  "https://graph.microsoft.com@evil.test/v1.0/me",
  "https://user:pass@graph.microsoft.com/v1.0/me",
  "http://graph.microsoft.com/v1.0/me",
  "https://graph.microsoft.com:8443/v1.0/me",
  "https://graph.microsoft.com/beta/me",
  "https://graph.microsoft.com/v1.0/../beta/me",
  "https://graph.microsoft.com/v1.0/%2e%2e/beta/me",
  "https://graph.microsoft.com/v1.0evil/me",
  "//evil.test/v1.0/me",
  "/v1.0/me",
  "",
])("the token is never sent to %s", async (link) => {
  const { graph, sent } = play({ steps: [Response.json({ value: [], "@odata.nextLink": link })] });
  await expect(collect(graph, LIST, 10)).rejects.toMatchObject({ code: "provider_error" });
  expect(sent).toHaveLength(1);
});

test("a list that is none is an error of the provider", async () => {
  const { graph } = play({ steps: [Response.json({ error: "no" })] });
  await expect(collect(graph, LIST, 10)).rejects.toMatchObject({ code: "provider_error" });
});
