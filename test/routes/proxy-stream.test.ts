import { afterEach, expect, test, vi } from "vitest";
import { call } from "../support.ts";
import { connectedApi, playGraph, proxyCaller } from "./proxied.ts";

const CHUNK = 64 * 1024;
const CHUNKS = 160;
/** What lies in buffers between two ends, at most: far less than the whole. */
const IN_FLIGHT = 40;

afterEach(() => {
  vi.restoreAllMocks();
});

/** 10 MB that are made as they are read, and how many chunks were made so far. */
function tenMegabytes() {
  const made = { chunks: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (made.chunks === CHUNKS) return controller.close();
        made.chunks += 1;
        controller.enqueue(new Uint8Array(CHUNK).fill(made.chunks));
      },
    },
    { highWaterMark: 0 },
  );
  return { made, stream };
}

/** Reads to the end; gives the bytes, and by how many chunks the maker was ahead of the reader at most. */
async function drain(body: ReadableStream<Uint8Array>, made: { chunks: number }) {
  let bytes = 0;
  let ahead = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    ahead = Math.max(ahead, made.chunks - bytes / CHUNK);
    // Time for a maker that does not wait for its reader to run away.
    if (bytes % (16 * CHUNK) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { bytes, ahead };
}

const WHOLE = CHUNK * CHUNKS;

test("10 MB come down without being held", async () => {
  const ana = proxyCaller("proxy-down");
  const api = await connectedApi(ana);
  const { made, stream } = tenMegabytes();
  playGraph(() => new Response(stream, { headers: { "Content-Type": "application/octet-stream" } }));
  const answer = await call(`${api}/v1.0/me/drive/items/1/content`, ana);
  // Its headers are here long before its end is made.
  expect(made.chunks).toBeLessThan(IN_FLIGHT);
  const { bytes, ahead } = await drain(answer.body as ReadableStream<Uint8Array>, made);
  expect(bytes).toBe(WHOLE);
  expect(ahead).toBeLessThan(IN_FLIGHT);
});

test("10 MB of JSON come down without being held, though links are looked for", async () => {
  const ana = proxyCaller("proxy-down-json");
  const api = await connectedApi(ana);
  const { made, stream } = tenMegabytes();
  playGraph(() => new Response(stream, { headers: { "Content-Type": "application/json" } }));
  const answer = await call(`${api}/v1.0/x`, ana);
  expect(made.chunks).toBeLessThan(IN_FLIGHT);
  const { ahead } = await drain(answer.body as ReadableStream<Uint8Array>, made);
  expect(made.chunks).toBe(CHUNKS);
  expect(ahead).toBeLessThan(IN_FLIGHT);
});

test.each([
  ["with its length told", { "Content-Length": String(WHOLE) }],
  ["without", {}],
])("10 MB go up without being held, %s", async (_, headers: Record<string, string>) => {
  const ana = proxyCaller(`proxy-up-${Object.keys(headers).length}`);
  const api = await connectedApi(ana);
  const { made, stream } = tenMegabytes();
  const drained: { bytes: number; ahead: number; first: number }[] = [];
  playGraph(async (request) => {
    const first = made.chunks;
    drained.push({ ...(await drain(request.body as ReadableStream<Uint8Array>, made)), first });
    return new Response(null, { status: 201 });
  });
  const answer = await call(`${api}/v1.0/me/drive/root:/big:/content`, ana, { method: "PUT", body: stream, headers });
  expect(answer.status).toBe(201);
  expect(drained).toEqual([{ bytes: WHOLE, ahead: expect.any(Number) as number, first: expect.any(Number) as number }]);
  expect(drained[0]?.ahead).toBeLessThan(IN_FLIGHT);
  expect(drained[0]?.first).toBeLessThan(IN_FLIGHT);
});

test("a caller that goes away ends the provider's answer", async () => {
  const ana = proxyCaller("proxy-gone");
  const api = await connectedApi(ana);
  let ended = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(CHUNK)),
    cancel: () => {
      ended = true;
    },
  });
  playGraph(() => new Response(endless));
  const answer = await call(`${api}/v1.0/x`, ana);
  await answer.body?.cancel();
  await vi.waitFor(() => expect(ended).toBe(true));
});
