import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { addressOf, targetIn } from "../../src/routes/proxy/path.ts";
import { received } from "../support.ts";
import { apiOf, callRaw, connectedApi, playGraph, proxyCaller } from "./proxied.ts";
import { problemOf } from "./security.ts";

const MOUNT = "/api/v1/oauth/integrations/con_000000000000000000000000/proxy";
const API = "https://graph.microsoft.com";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Paths and queries that are tricks, by what they try. */
const ATTACKS: Readonly<Record<string, readonly string[]>> = {
  "empty segments": ["//evil.test/me", "/v1.0//me", "///", "/v1.0/me//", "//"],
  "dot segments": [
    "/..",
    "/.",
    "/../x",
    "/v1.0/../../con_x/proxy/me",
    "/v1.0/./me",
    "/v1.0/..",
    "/a/..;/b",
    "/a/..;x=1/b",
  ],
  "encoded dots": ["/%2e%2e/x", "/%2E%2e", "/.%2e/x", "/v1.0/%2e/me", "/%2e%2e%3b/x"],
  "dots encoded twice and more": ["/%252e%252e/x", "/%252e", "/%25252e%25252e/x", "/.%252e/x", "/%2525252525252541"],
  "encoded slashes with dots": [
    "/..%2fx",
    "/%2e%2e%2fx",
    "/a%2f..%2fb",
    "/a%2F.%2Fb",
    "/..%252fx",
    "/a%2f%2e%2e",
    "/%2f..",
    "/a..%2f../b",
  ],
  backslashes: ["/\\evil.test", "/..\\x", "/%5cevil.test", "/a%5C..%5Cb", "/%255c%255cevil.test", "/v1.0\\me"],
  "control characters": ["/%00", "/me%00.json", "/a%0d%0aHost:%20evil.test", "/a%09b", "/%7f", "/a%250ab", "/a\u0001b"],
  "bytes of no UTF-8": ["/%c0%ae%c0%ae/x", "/%c0%af", "/%e0%80%ae/x", "/%f0%80%80%ae", "/%ff", "/%25c0%25ae/x"],
  "absolute URLs": [
    "/https://evil.test",
    "/https:/evil.test/x",
    "/https:evil.test",
    "/HTTP:/x",
    "/https%3A%2F%2Fevil.test",
    "/https%3a/evil.test",
    "/file:/x",
    "/%2fevil.test",
    "/%252f%252fevil.test",
  ],
  "user names": ["/@evil.test/", "/a@evil.test", "/user:secret@evil.test/x", "/%40evil.test"],
  fragments: ["/v1.0/me#x", "/v1.0/me?a#b", "#@evil.test"],
  "characters that parsers mend": [
    "/a b",
    "/a<b",
    '/a"b',
    "/a{b}",
    "/a|b",
    "/a^b",
    "/ä",
    "/%",
    "/%2",
    "/%zz",
    "/a`b",
    "/[a]",
  ],
  "tokens in the query": [
    "/me?access_token=x",
    "/me?a=b&access_token=",
    "/me?Access_Token=x",
    "/me?access%5Ftoken=x",
    "/me?access%255ftoken=x",
    "/me?a;access_token=x",
    "/me?oauth_token=x",
    "/me?+access_token=x",
  ],
  "what is too long": [`/${"a".repeat(8_193)}`],
};

describe.each(Object.entries(ATTACKS))("%s", (_, paths) => {
  test.each(paths)("%s is refused", (path) => {
    expect(() => targetIn(`https://latchkey.test${MOUNT}${path}`, MOUNT)).toThrow(
      expect.objectContaining({ code: "validation_failed" }),
    );
  });
});

test("a trick is refused by the route before a token is fetched or anything is sent", async () => {
  const ana = proxyCaller("proxy-tricks");
  const api = await connectedApi(ana);
  const before = await received("/common/oauth2/v2.0/token");
  const seen = playGraph(() => new Response("never"));
  const paths = Object.values(ATTACKS).flat();
  const codes = new Map<string, unknown>();
  for (const path of paths) codes.set(path, (await problemOf(await callRaw(api + path, ana)))["code"]);
  // A line break is no part of any route to begin with.
  const refusals = (path: string) => (/%0a/i.test(path) ? ["validation_failed", "not_found"] : ["validation_failed"]);
  expect([...codes].filter(([path, code]) => !refusals(path).includes(String(code)))).toEqual([]);
  expect(seen).toEqual([]);
  expect(await received("/common/oauth2/v2.0/token")).toHaveLength(before.length);
});

test("what stands before the path must be spelled as it is", async () => {
  const ana = proxyCaller("proxy-spelling");
  const api = await connectedApi(ana);
  const seen = playGraph(() => new Response("never"));
  for (const path of [
    api.replace("proxy", "%70roxy"),
    api.replace("con_", "%63on_"),
    api.replace("integrations", "integration%73"),
  ])
    expect(await problemOf(await callRaw(`${path}/v1.0/me`, ana))).toMatchObject({ code: "validation_failed" });
  for (const id of ["con_", "..", "%2e%2e", "con_000000000000000000000000%2f..", "CON_000000000000000000000000"])
    expect((await problemOf(await callRaw(`${apiOf(id)}/v1.0/me`, ana)))["code"]).toMatch(
      /not_found|validation_failed/,
    );
  expect(seen).toEqual([]);
});

const piece = fc.oneof(
  fc.constantFrom(
    "..",
    ".",
    "/",
    "//",
    "\\",
    "%2e",
    "%2E",
    "%252e",
    "%2f",
    "%252f",
    "%5c",
    "%00",
    "%25",
    "%",
    ";",
    ":",
  ),
  fc.constantFrom(
    "@",
    "?",
    "#",
    "&",
    "=",
    "https:",
    "evil.test",
    "me",
    "v1.0",
    "$batch",
    "users('a')",
    "%c0%ae",
    "%C3%A9",
  ),
  fc.string({ maxLength: 4 }),
);

test("whatever passes stays below the API's base, however often it is decoded, and arrives to the letter", () => {
  const check = (base: string, path: string) => {
    const target = outcomeOf(() => targetIn(`https://latchkey.test${MOUNT}/${path}`, MOUNT));
    if (!target) return;
    const url = addressOf(base, target);
    const root = new URL(base);
    const rootPath = root.pathname.replace(/\/$/, "");
    expect(url.origin).toBe(root.origin);
    expect(url.pathname).toBe(`${rootPath}/${target.path}`);
    let reading = url.pathname;
    for (let layer = 0; layer < 8; layer += 1) {
      const tidy = new URL(`https://x.test${reading.replaceAll("?", "%3F").replaceAll("#", "%23")}`);
      expect(tidy.host).toBe("x.test");
      expect(`${tidy.pathname}/`.startsWith(`${rootPath}/`)).toBe(true);
      expect(reading.split(/[/\\]/).filter((part) => part === ".." || part === ".")).toEqual([]);
      reading = decoded(reading);
    }
  };
  const base = fc.constantFrom(API, "https://api.test/rest/v2");
  fc.assert(
    fc.property(base, fc.array(piece, { maxLength: 8 }), (api, parts) => check(api, parts.join(""))),
    { numRuns: 3_000 },
  );
});

function outcomeOf<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

test("an address that a parser would have moved is refused, even if the path's check had not seen it", () => {
  for (const path of ["..", "a/../b", "%2e%2e/x", "a\\b", "a#b", "a\tb"])
    expect(() => addressOf("https://api.test/rest", { path, query: "" })).toThrow(/below the API/);
});
