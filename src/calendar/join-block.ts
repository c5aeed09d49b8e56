/**
 * The join block: the part of an online meeting's body that Teams wrote, with the link to join. A body that is written
 * without it switches the meeting off, and nobody who changes the description of a meeting wants that
 * (https://learn.microsoft.com/graph/api/event-update). No I/O.
 */

/** A body as Graph has it. */
export interface GraphBody {
  readonly contentType: string;
  readonly content: string;
}

/** What is known of the event whose body is about to be replaced. */
export interface CurrentMeeting {
  readonly body: GraphBody;
  readonly joinUrl: string | null;
}

/**
 * `next` with the join block of the current body kept below it; `next` as it is where the caller kept the block, or
 * where there is none to lose. Undefined where a block is there but cannot be told from the rest of the body.
 */
export function keepJoinBlock(next: GraphBody, current: CurrentMeeting): GraphBody | undefined {
  const { content } = current.body;
  if (!hasJoinLink(content, current) || hasJoinLink(next.content, current)) return next;
  const block = joinBlock(content, current);
  if (block === undefined) return undefined;
  if (next.contentType === "text" && current.body.contentType === "text") {
    return { contentType: "text", content: `${next.content}\n\n${block}` };
  }
  const html = next.contentType === "text" ? asHtml(next.content) : next.content;
  return { contentType: "html", content: beforeBodyEnd(html, block) };
}

// Newer meetings show a shorter address in the body than the event's own join URL.
const TEAMS_LINK =
  /https:\/\/(?:[\w-]+\.)*teams\.(?:microsoft\.com|live\.com|microsoft\.us)\/(?:l\/meetup-join|meet)\//gi;

function hasJoinLink(content: string, meeting: CurrentMeeting): boolean {
  return joinLinks(content, meeting).length > 0;
}

/** Where links to join stand in a body. */
function joinLinks(content: string, { joinUrl }: CurrentMeeting): number[] {
  const own = [joinUrl, joinUrl?.replaceAll("&", "&amp;")].filter((url) => typeof url === "string");
  const known = own.map((url) => content.indexOf(url)).filter((at) => at !== -1);
  return [...known, ...Array.from(content.matchAll(TEAMS_LINK), ({ index }) => index)];
}

/** The block around the first link that stands in one. */
function joinBlock(content: string, meeting: CurrentMeeting): string | undefined {
  const links = joinLinks(content, meeting);
  return links.map((at) => ruledBlock(content, at) ?? markedBlock(content, at)).find((block) => block !== undefined);
}

/** Teams rules its block off above and below with a line of underscores, in HTML as in text. */
function ruledBlock(content: string, link: number): string | undefined {
  const rules = [...content.matchAll(/_{20,}/g)];
  const above = rules.findLast(({ index }) => index < link);
  const below = rules.find(({ index }) => index > link);
  if (above === undefined || below === undefined) return undefined;
  const opening = content.lastIndexOf("<div", above.index);
  const closing = content.indexOf("</div>", below.index);
  const from = opening === -1 ? above.index : opening;
  const to = closing === -1 ? below.index + below[0].length : closing + "</div>".length;
  return content.slice(from, to);
}

/** Without the lines, the block is the element that Teams marks with a class of its own. */
function markedBlock(content: string, link: number): string | undefined {
  const marked = Array.from(content.matchAll(/<div\b[^>]*\bme-email-text\b[^>]*>/gi), ({ index }) => index);
  const from = marked.findLast((at) => at < link);
  const to = from === undefined ? undefined : endOfDiv(content, from);
  return to === undefined || to < link ? undefined : content.slice(from, to);
}

/** Where the element that begins at `from` ends; undefined where it never does. */
function endOfDiv(content: string, from: number): number | undefined {
  let depth = 0;
  for (const { 0: tag, index } of content.slice(from).matchAll(/<(\/?)div\b[^>]*>/gi)) {
    depth += tag.startsWith("</") ? -1 : 1;
    if (depth === 0) return from + index + tag.length;
  }
  return undefined;
}

function asHtml(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<div>${escaped.replaceAll(/\r?\n/g, "<br>")}</div>`;
}

function beforeBodyEnd(html: string, block: string): string {
  const end = html.search(/<\/body\s*>/i);
  const at = end === -1 ? html.length : end;
  return `${html.slice(0, at)}<br>${block}${html.slice(at)}`;
}
