/** The JavaScript heap of a Worker, as its inspector tells it: what Cloudflare's 128 MB are counted by, roughly. */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

/** Watches a heap until it is stopped, and gives the most that was used, bytes. */
export interface HeapWatch {
  stop(): Promise<number>;
}

const EVERY_MS = 250;

/** Begins to watch. `inspector`: a Worker's own; undefined: nothing is told. */
export async function watchHeap(inspector: URL | undefined): Promise<HeapWatch> {
  if (!inspector) return { stop: async () => Number.NaN };
  const socket = new WebSocket(new URL("/core:user:directory", inspector));
  await once(socket, "open");
  let peak = 0;
  socket.addEventListener("message", ({ data }) => {
    const { result } = JSON.parse(String(data)) as { result?: { usedSize?: number; backingStorageSize?: number } };
    peak = Math.max(peak, (result?.usedSize ?? 0) + (result?.backingStorageSize ?? 0));
  });
  const ended = new AbortController();
  const asking = (async () => {
    for (let id = 1; !ended.signal.aborted; id += 1) {
      socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
      await pause(EVERY_MS);
    }
  })();
  return {
    async stop() {
      ended.abort();
      await asking;
      socket.close();
      return peak;
    },
  };
}
