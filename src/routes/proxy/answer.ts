/** A provider's answer on its way to the caller: filtered, its links turned, its body streaming. No I/O. */
import { type Detour, linksThrough, linkThrough, rewriteLinks } from "./links.ts";
import { responseHeaders } from "./headers.ts";

/** What an answer is shaped by. */
export interface Passage {
  /** Whose answer it is: tells the caller that it is not ours. */
  readonly provider: string;
  /** Where it was asked. */
  readonly url: URL;
  readonly detour: Detour;
  /** Names of links in JSON that lead back to the API. */
  readonly links: readonly string[];
}

/** Statuses that come without a body (Fetch standard, "null body status"). */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
/** What fetch has taken off when the body is read. */
const DECODED = /^(?:gzip|x-gzip|br)$/i;
const JSON_TEXT = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
/** JSON between systems is UTF-8 (RFC 8259 section 8.1); whatever else it may be is left alone. */
const OTHER_CHARSET = /charset\s*=\s*"?(?!utf-?8)/i;

/** The answer that the caller gets. */
export function passedThrough(answer: Response, passage: Passage): Response {
  const headers = responseHeaders(answer.headers);
  turnLinks(headers, passage);
  headers.set("Latchkey-Upstream", passage.provider);
  const encoding = headers.get("Content-Encoding");
  const decoded = encoding !== null && DECODED.test(encoding.trim());
  if (decoded) for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  const { status } = answer;
  const readable = (encoding === null || decoded) && isJson(headers.get("Content-Type") ?? "");
  if (!readable || passage.links.length === 0)
    return new Response(NO_BODY.has(status) ? null : answer.body, { status, headers });
  // Its length is another one now; of a HEAD's answer too, which describes what a GET would get.
  headers.delete("Content-Length");
  const body = NO_BODY.has(status) ? null : answer.body;
  return new Response(body && body.pipeThrough(rewriteLinks(passage.links, passage.detour)), { status, headers });
}

function isJson(type: string): boolean {
  return JSON_TEXT.test(type) && !OTHER_CHARSET.test(type);
}

function turnLinks(headers: Headers, { detour, url }: Passage): void {
  const location = headers.get("Location");
  if (location !== null) {
    const turned = linkThrough(detour, location, url);
    if (turned === undefined) headers.delete("Location");
    else headers.set("Location", turned);
  }
  const link = headers.get("Link");
  if (link !== null) headers.set("Link", linksThrough(detour, link));
}
