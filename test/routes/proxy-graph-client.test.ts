/** Microsoft's own client for Graph, told to call the proxy, knows no difference. */
import { Client, GraphError, PageIterator, ResponseType } from "@microsoft/microsoft-graph-client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { exports } from "cloudflare:workers";
import { callerToken, ORIGIN, received, type TokenClaims } from "../support.ts";
import { connectedApi, proxyCaller } from "./proxied.ts";
import { BASES } from "./security.ts";

/** What the client asked for, and where. */
let asked: string[] = [];
/** The callers' tokens that it was given. */
const tokens = new Set<string>();

beforeEach(() => {
  asked = [];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    if (new URL(request.url).origin !== ORIGIN) return real(request);
    asked.push(request.url);
    return exports.default.fetch(request);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function clientFor(claims: TokenClaims, person: string, base: string): Promise<Client> {
  const api = await connectedApi(claims, person, base);
  return Client.init({
    baseUrl: `${ORIGIN}${api}/`,
    customHosts: new Set([new URL(ORIGIN).host]),
    authProvider: (done) => {
      callerToken(claims).then(
        (token) => {
          tokens.add(token);
          done(null, token);
        },
        (error: unknown) => done(error, null),
      );
    },
  });
}

interface Event {
  readonly id: string;
  readonly subject: string;
}

function event(subject: string, hour: number) {
  const at = (minutes: string) => ({
    dateTime: `2026-12-01T${String(hour).padStart(2, "0")}:${minutes}:00`,
    timeZone: "UTC",
  });
  return { subject, start: at("00"), end: at("30") };
}

describe.each(BASES)("below %s", (base) => {
  const claims = (name: string) => proxyCaller(`client-${name}${base}`);
  const person = (name: string) => `client-${name}-${base.length}`;

  test("reads the profile", async () => {
    const client = await clientFor(claims("me"), "ana", base);
    expect(await client.api("/me").select("displayName").get()).toMatchObject({ displayName: "Ana Rossi" });
  });

  test("creates events and reads them back page by page", async () => {
    const client = await clientFor(claims("pages"), person("pages"), base);
    const subjects = Array.from({ length: 7 }, (_, index) => `event ${index}`);
    for (const [hour, subject] of subjects.entries()) {
      const made = (await client.api("/me/events").post(event(subject, hour))) as Event;
      expect(made.subject).toBe(subject);
    }
    asked = [];
    const first = (await client.api("/me/events").top(2).orderby("start/dateTime").get()) as { value: Event[] };
    const seen: string[] = [];
    const pages = new PageIterator(client, first, (one: Event) => {
      seen.push(one.subject);
      return true;
    });
    await pages.iterate();
    expect(seen.toSorted()).toEqual(subjects);
    expect(asked).toHaveLength(4);
  });

  test("sends a batch", async () => {
    const client = await clientFor(claims("batch"), person("batch"), base);
    const gone = await goneEvent(client);
    await client.api("/me/events").post(event("in a batch", 9));
    const requests = [
      { id: "1", method: "GET", url: "/me?$select=displayName" },
      { id: "2", method: "GET", url: "/me/events?$top=1" },
      { id: "3", method: "GET", url: `/me/events/${gone}` },
    ];
    const { responses } = (await client.api("/$batch").post({ requests })) as {
      responses: { id: string; status: number }[];
    };
    const statuses = responses.toSorted((a, b) => a.id.localeCompare(b.id)).map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 404]);
  });

  test("finds Graph's own errors in its own errors", async () => {
    const client = await clientFor(claims("error"), person("error"), base);
    const error: unknown = await client
      .api(`/me/events/${await goneEvent(client)}`)
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GraphError);
    expect(error).toMatchObject({
      statusCode: 404,
      code: "ErrorItemNotFound",
      requestId: expect.any(String) as string,
    });
  });

  test("hands out raw answers and streams", async () => {
    const client = await clientFor(claims("raw"), "ana", base);
    const raw = (await client.api("/me").responseType(ResponseType.RAW).get()) as Response;
    expect([raw.status, raw.headers.get("Latchkey-Upstream")]).toEqual([200, "microsoft"]);
    expect(await raw.json()).toMatchObject({ displayName: "Ana Rossi" });
    const stream = (await client.api("/me").responseType(ResponseType.STREAM).get()) as ReadableStream;
    expect(await new Response(stream).json()).toMatchObject({ displayName: "Ana Rossi" });
  });
});

test("no caller's token has reached Graph", async () => {
  const client = await clientFor(proxyCaller("client-secret"), "ana", "/api/v1");
  await client.api("/me").get();
  const sent = JSON.stringify(await received("/v1.0"));
  expect(tokens.size).toBeGreaterThan(0);
  for (const token of tokens) expect(sent).not.toContain(await digestOf(token));
  expect(asked.filter((url) => !url.startsWith(ORIGIN))).toEqual([]);
});

/** As the stand-in's log has a credential. */
async function digestOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The id of an event that is no more. */
async function goneEvent(client: Client): Promise<string> {
  const { id } = (await client.api("/me/events").post(event("gone", 8))) as Event;
  await client.api(`/me/events/${id}`).delete();
  return id;
}
