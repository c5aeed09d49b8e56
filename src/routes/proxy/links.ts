/** Links that lead back to the API must lead through the proxy, or paging would go on without it. No I/O. */

/** Two addresses of one API: its own, and that of the proxy before it. Neither ends with a slash. */
export interface Detour {
  readonly api: string;
  readonly proxy: string;
}

/** A link in a header, by way of the proxy where it leads to the same API; another host's as it is. Undefined where it is none for http. */
export function linkThrough({ api, proxy }: Detour, link: string, target: URL): string | undefined {
  if (!URL.canParse(link, target.href)) return undefined;
  const url = new URL(link, target);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const base = new URL(api);
  const root = base.pathname.replace(/\/$/, "");
  if (url.origin !== base.origin || !url.pathname.startsWith(`${root}/`)) return url.href;
  return proxy + url.pathname.slice(root.length) + url.search + url.hash;
}

/** The targets of a `Link` header (RFC 8288 section 3), each by way of the proxy. */
export function linksThrough({ api, proxy }: Detour, header: string): string {
  return header.replaceAll(`<${api}/`, `<${proxy}/`);
}

/**
 * Replaces the beginning of the links that stand in JSON under one of `names`. A quote inside of a JSON string is always
 * escaped, so `name":"` stands nowhere but at the end of a name; where the name itself must begin there, the quote before it
 * is not an escaped one. Names with an @ are OData annotations, which also stand behind a property's name
 * (OData JSON Format 4.01, section 4.6.2: `members@odata.nextLink`).
 */
export function rewriteLinks(
  names: readonly string[],
  { api, proxy }: Detour,
): TransformStream<Uint8Array, Uint8Array> {
  const beginnings = names.map((name) => (name.startsWith("@") ? escaped(name) : `(?<!\\\\)"${escaped(name)}`));
  const blank = `[ \\t\\r\\n]{0,${MOST_BLANKS}}`;
  const pattern = new RegExp(`((?:${beginnings.join("|")})"${blank}:${blank}")${escaped(api)}/`, "g");
  const longest = Math.max(...names.map((name) => name.length)) + api.length + 2 * MOST_BLANKS + LEAST_AROUND;
  return replacing({ pattern, longest, by: (start) => `${start}${proxy}/` });
}

const MOST_BLANKS = 16;
/** Two quotes around the name, a colon, a quote before the link, a slash behind the API. */
const LEAST_AROUND = 5;

interface Replacement {
  /** Its first group stays. */
  readonly pattern: RegExp;
  /** No match is longer than this. */
  readonly longest: number;
  /** What a match becomes. */
  readonly by: (start: string) => string;
}

/**
 * As much text is held back as a match that has only begun could need. The character before it stays in sight, because the
 * pattern looks behind; a match cannot begin there any more, or it would have been whole before.
 */
function replacing({ pattern, longest, by }: Replacement): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  const encoder = new TextEncoder();
  let before = "";
  let held = "";
  const endOfLast = () => {
    let end = 0;
    for (const { index, 0: match } of (before + held).matchAll(pattern))
      if (index >= before.length) end = index + match.length - before.length;
    return end;
  };
  const give = (upTo: number) => {
    const text = before + held.slice(0, upTo);
    const replaced = text.replace(pattern, (match, start: string, at: number) =>
      at < before.length ? match : by(start),
    );
    const bytes = encoder.encode(replaced.slice(before.length));
    before = text.slice(-1);
    held = held.slice(upTo);
    return bytes;
  };
  return new TransformStream({
    transform(chunk, controller) {
      held += decoder.decode(chunk, { stream: true });
      const upTo = wholeCharacters(held, Math.max(held.length - longest, endOfLast()));
      if (upTo > 0) controller.enqueue(give(upTo));
    },
    flush(controller) {
      held += decoder.decode();
      if (held !== "") controller.enqueue(give(held.length));
    },
  });
}

/** Half of a surrogate pair has no bytes of its own. */
function wholeCharacters(text: string, upTo: number): number {
  return /[\ud800-\udbff]/.test(text.charAt(upTo - 1)) ? upTo - 1 : upTo;
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");
}
