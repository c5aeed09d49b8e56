/** A caller's body on its way to the provider. */
import type { RequestBody } from "../../lib/http-stream.ts";

/** As much is kept, so that it can be sent again with another token, bytes. */
const MOST_KEPT = 256 * 1024;

/** The body of a request: kept whole where it is small, otherwise as a stream that can be sent once. */
export async function bodyOf(request: Request): Promise<RequestBody> {
  // The platform's type leaves the chunk open; a request's body is bytes.
  const body: ReadableStream<Uint8Array> | null = request.body;
  if (!body) return null;
  const { headers } = request;
  const length = lengthIn(headers);
  if (length !== undefined && length > MOST_KEPT) return { stream: body, length };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes <= MOST_KEPT;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, bytes);
    chunks.push(value);
    bytes += value.byteLength;
  }
  return { stream: resumed(chunks, reader), length: undefined };
}

function lengthIn(headers: Headers): number | undefined {
  const length = headers.get("Content-Length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** What was read already, then the rest. */
function resumed(chunks: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const kept = chunks.shift();
      if (kept) return controller.enqueue(kept);
      const { done, value } = await reader.read();
      if (done) return controller.close();
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
