/**
 * What of a caller's URL goes on to the provider. It is read from the raw URL: what a router has decoded or tidied up is
 * no longer what was sent. No I/O.
 *
 * The rule binds both sides of a dispute: a path passes only where every reader, however often it decodes and however it
 * tidies up, finds it below the API's own base. Whatever could be read in two ways is refused.
 */
import type { Failure } from "../../lib/errors.ts";
import { notValid } from "../../lib/errors.ts";

/** A path below an API's base, without the slash before it, and the query with its question mark; both as they were sent. */
export interface ProxyTarget {
  readonly path: string;
  readonly query: string;
}

/** What RFC 3986 section 3.3 lets stand in a path. URL parsers mend everything else, each in its own way. */
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[\da-f]{2})*$/i;
const MOST_CHARACTERS = 8_192;
/** Nobody encodes an id more often than this. */
const MOST_LAYERS = 4;
// eslint-disable-next-line no-control-regex -- it is what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
/** Bytes that stand in no UTF-8 (RFC 3629 section 1): an overlong dot or slash among them. */
const NO_UTF8 = /[\xc0\xc1\xf5-\xff]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/;
/** A dot segment, also with parameters behind it (`..;x`), which some servers cut off before they look. */
const DOTS = /^\.\.?(?:;|$)/;
/** A scheme, or the slash of a host without one. A colon in a first segment may also be a method's (`jobs:run`). */
const ABSOLUTE = /^(?:https?:|wss?:|[a-z][a-z\d+.-]*:(?:\/|$)|\/)/i;
/** Tokens in the query would stand in logs, and beside ours (RFC 6750 section 2.3). */
const TOKENS = new Set(["access_token", "oauth_token"]);

/** What stands in `url` after `mount`, checked. Fails as `validation_failed`. */
export function targetIn(url: string, mount: string): ProxyTarget {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  const rest = from < 0 ? "" : url.slice(from);
  if (rest.includes("#")) throw refused("a URL in a request has no fragment");
  const mark = rest.indexOf("?");
  const path = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? "" : rest.slice(mark);
  if (path !== mount && !path.startsWith(`${mount}/`)) throw refused("expected what stands before it unencoded");
  const own = path.slice(mount.length + 1);
  requirePlain(own);
  requireNoToken(query);
  return { path: own, query };
}

/** The provider's URL. Fails where anything of it would not be below `baseUrl`, whatever the check of the path has seen. */
export function addressOf(baseUrl: string, { path, query }: ProxyTarget): URL {
  const base = new URL(baseUrl);
  const pathname = `${base.pathname.replace(/\/$/, "")}/${path}`;
  const url = new URL(base.origin + pathname + query);
  const same = url.origin === base.origin && url.pathname === pathname;
  if (!same || url.username + url.password + url.hash !== "") throw refused("it does not stay below the API");
  return url;
}

function requirePlain(path: string): void {
  if (path.length > MOST_CHARACTERS) throw refused(`expected ${MOST_CHARACTERS} characters at most`);
  if (!PATH.test(path)) throw refused("a character in it must be percent-encoded");
  const segments = path.split("/");
  // APIs there are that want a slash at the end; an empty segment elsewhere is read as none, or as a host.
  if (segments.slice(0, -1).includes("")) throw refused("a segment is empty");
  for (const [index, segment] of segments.entries())
    for (const reading of readingsOf(segment)) requireHarmless(reading, index === 0);
}

/** The segment as sent, decoded once, decoded twice, until nothing is left to decode. Bytes, not characters: it never fails. */
function readingsOf(segment: string): string[] {
  const readings = [segment];
  for (;;) {
    const last = readings.at(-1) ?? "";
    const next = last.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === last) return readings;
    if (readings.length > MOST_LAYERS) throw refused("it is encoded too often");
    readings.push(next);
  }
}

function requireHarmless(reading: string, first: boolean): void {
  if (CONTROL.test(reading)) throw refused("a control character");
  if (reading.includes("\\")) throw refused("a backslash");
  if (NO_UTF8.test(reading)) throw refused("expected UTF-8");
  // An encoded slash is part of an id; with dots beside it, it is a way out.
  if (reading.split("/").some((part) => DOTS.test(part))) throw refused("a dot segment");
  if (!first) return;
  if (ABSOLUTE.test(reading)) throw refused("an absolute URL");
  if (reading.includes("@")) throw refused("a user name");
}

function requireNoToken(query: string): void {
  for (const part of query.slice(1).split(/[&;]/)) {
    const name = readingsOf(part.split("=", 1)[0] ?? "").at(-1) ?? "";
    if (TOKENS.has(name.replaceAll("+", " ").trim().toLowerCase()))
      throw notValid([{ path: "query", message: "a token has no place in a URL: it is added here" }]);
  }
}

function refused(message: string): Failure {
  return notValid([{ path: "path", message }]);
}
