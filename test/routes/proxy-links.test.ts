import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Detour, rewriteLinks } from "../../src/routes/proxy/links.ts";
import { call, ORIGIN, sandbox } from "../support.ts";
import { connectedApi, playGraph, proxyCaller } from "./proxied.ts";

const NAMES = ["@odata.nextLink", "@odata.deltaLink", "next"];
const DETOUR: Detour = { api: "https://graph.microsoft.com", proxy: "https://latchkey.test/api/v1/oauth/x/proxy" };

afterEach(() => {
  vi.restoreAllMocks();
});

/** `text` in chunks that end at `cuts`, rewritten. */
async function rewritten(text: string, cuts: readonly number[] = []): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
  const chunks = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Response(source.pipeThrough(rewriteLinks(NAMES, DETOUR))).text();
}

const LINK = "https://graph.microsoft.com/v1.0/me/events?$skiptoken=x";

/** What JSON without a link to turn looks like, though it may seem otherwise. */
const UNTOUCHED: Readonly<Record<string, unknown>> = {
  "another property": { link: LINK, "x@odata.context": LINK },
  "a value that looks like a property": { text: `"@odata.nextLink":"${LINK}"` },
  "a value that looks like one, escaped twice": { text: JSON.stringify({ "@odata.nextLink": LINK, next: LINK }) },
  "a value that is a name": { a: "@odata.nextLink", b: LINK, c: ["next", LINK] },
  "a name that ends like one": { 'a"next': LINK, xnext: LINK, "a\\next": LINK },
  "another host": { next: "https://graph.microsoft.com.evil.test/x", "@odata.nextLink": "https://evil.test/" },
  "another scheme, or no path": {
    next: "http://graph.microsoft.com/x",
    "@odata.nextLink": "https://graph.microsoft.com",
  },
  "a link inside of another": { next: `https://evil.test/?u=${LINK}` },
};

describe("links in JSON", () => {
  test.each(Object.entries(UNTOUCHED))("%s stays as it is", async (_, body) => {
    for (const text of [JSON.stringify(body), JSON.stringify(body, null, 2)])
      for (let cut = 0; cut <= text.length; cut += 1) expect(await rewritten(text, [cut])).toBe(text);
  });

  test("each link to the API is turned, wherever it stands and whatever is around it", async () => {
    const turned = `${DETOUR.proxy}/v1.0/me/events?$skiptoken=x`;
    const body = (link: string) => ({
      "@odata.context": LINK,
      value: [{ subject: "grüße 😀", "attendees@odata.nextLink": link, next: link }],
      responses: [{ body: { "@odata.deltaLink": link } }],
      "@odata.nextLink": link,
    });
    for (const indent of [0, 2])
      expect(await rewritten(JSON.stringify(body(LINK), null, indent))).toBe(
        JSON.stringify(body(turned), null, indent),
      );
  });

  test("however the text is cut into chunks, it becomes the same", async () => {
    const link = fc.constantFrom(LINK, "https://evil.test/", "");
    const name = fc.constantFrom(...NAMES, "a@odata.nextLink", 'q"next', "\\", "other");
    const value = fc.oneof(link, fc.string({ unit: "grapheme", maxLength: 12 }), name);
    const object = fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 })), { maxKeys: 5 });
    const cuts = fc.array(fc.nat(600), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(object, { maxLength: 4 }), cuts, async (body, ends) => {
        const text = JSON.stringify(body);
        expect(
          await rewritten(
            text,
            ends.filter((end) => end < text.length),
          ),
        ).toBe(JSON.stringify(turnedIn(body)));
      }),
      { numRuns: 500 },
    );
  });

  test("characters that stand across chunks arrive whole", async () => {
    const text = JSON.stringify({ a: "ü😀".repeat(40), next: LINK, b: "😀ü".repeat(200) });
    const size = new TextEncoder().encode(text).length;
    const every = (step: number) => Array.from({ length: Math.floor(size / step) }, (_, index) => (index + 1) * step);
    for (const step of [1, 2, 3, 5, 7, 64])
      expect(await rewritten(text, every(step))).toBe(text.replace(DETOUR.api, DETOUR.proxy));
  });
});

/** The same by the parsed text: what {@link rewriteLinks} must agree with. */
function turnedIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turnedIn);
  if (typeof value !== "object" || value === null) return value;
  const turn = ([name, one]: [string, unknown]): [string, unknown] => {
    const isLink = name === "next" || /@odata\.(?:next|delta)Link$/.test(name);
    if (isLink && typeof one === "string" && one.startsWith(`${DETOUR.api}/`))
      return [name, DETOUR.proxy + one.slice(DETOUR.api.length)];
    return [name, turnedIn(one)];
  };
  return Object.fromEntries(Object.entries(value).map(turn));
}

test("a page's link leads through the proxy, and its length is not told any more", async () => {
  const ana = proxyCaller("proxy-next");
  const api = await connectedApi(ana);
  const text = JSON.stringify({ value: [], "@odata.nextLink": LINK });
  const type = "application/json;odata.metadata=minimal;charset=utf-8";
  playGraph(() => new Response(text, { headers: { "Content-Type": type, "Content-Length": String(text.length) } }));
  const answer = await call(`${api}/v1.0/me/events`, ana);
  expect(answer.headers.get("Content-Length")).toBeNull();
  expect(await answer.json()).toMatchObject({ "@odata.nextLink": `${ORIGIN}${api}/v1.0/me/events?$skiptoken=x` });
});

test("what is not JSON stays as it is", async () => {
  const ana = proxyCaller("proxy-no-json");
  const api = await connectedApi(ana);
  const text = `{"@odata.nextLink":"${LINK}"}`;
  for (const type of ["text/plain", "application/octet-stream", "application/json; charset=utf-16"]) {
    playGraph(() => new Response(text, { headers: { "Content-Type": type } }));
    expect(await (await call(`${api}/v1.0/x`, ana)).text()).toBe(text);
    vi.restoreAllMocks();
  }
});

test.each(["gzip", "br"])("an answer in %s arrives readable, its links turned", async (encoding) => {
  const ana = proxyCaller(`proxy-${encoding}`);
  const api = await connectedApi(ana);
  const headers = { "Content-Encoding": encoding, "Content-Type": "application/json" };
  const body = { value: Array.from({ length: 500 }, (_, index) => ({ index })), "@odata.deltaLink": LINK };
  const theirs = await fetched({ path: "/v1.0/packed", status: 200, body, headers });
  expect(theirs.headers.get("Content-Encoding")).toBe(encoding);
  const answer = await call(`${api}/v1.0/packed`, ana);
  expect([answer.headers.get("Content-Encoding"), answer.headers.get("Content-Length")]).toEqual([null, null]);
  const link = `${ORIGIN}${api}/v1.0/me/events?$skiptoken=x`;
  expect(await answer.json()).toEqual({ ...body, "@odata.deltaLink": link });
});

test.each(["gzip", "br"])("an answer in %s without links arrives readable too", async (encoding) => {
  const ana = proxyCaller(`proxy-text-${encoding}`);
  const api = await connectedApi(ana);
  const headers = { "Content-Encoding": encoding, "Content-Type": "text/plain" };
  await fetched({ path: "/v1.0/packed", status: 200, body: "readable ".repeat(1_000), headers });
  const answer = await call(`${api}/v1.0/packed`, ana);
  expect([answer.headers.get("Content-Encoding"), await answer.text()]).toEqual([null, "readable ".repeat(1_000)]);
});

/** Plans an answer of the stand-in for the next two requests, and makes the first of them. */
async function fetched(fault: Record<string, unknown> & { path: string }): Promise<Response> {
  await sandbox("POST", "faults", { ...fault, times: 2 });
  const answer = await fetch(`https://graph.microsoft.com${fault.path}`);
  await answer.arrayBuffer();
  return answer;
}
