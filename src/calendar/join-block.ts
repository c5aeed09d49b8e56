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
  const block = joinBlock(content);
  if (block === undefined || !hasJoinLink(block, current)) return undefined;
  if (next.contentType === "text" && current.body.contentType === "text") {
    return { contentType: "text", content: `${next.content}\n\n${block}` };
  }
  const html = next.contentType === "text" ? asHtml(next.content) : next.content;
  return { contentType: "html", content: beforeBodyEnd(html, block) };
}

// Newer meetings show a shorter address in the body than the event's own join URL.
const TEAMS_LINK =
  /https:\/\/(?:[\w-]+\.)*teams\.(?:microsoft\.com|live\.com|microsoft\.us)\/(?:l\/meetup-join|meet)\//i;

function hasJoinLink(content: string, { joinUrl }: CurrentMeeting): boolean {
  const plain = content.replaceAll("&amp;", "&");
  return (joinUrl !== null && plain.includes(joinUrl)) || TEAMS_LINK.test(plain);
}

/** Teams rules its block off above and below with a line of underscores, in HTML as in text. */
function joinBlock(content: string): string | undefined {
  const rules = [...content.matchAll(/_{20,}/g)];
  const [first, last] = [rules[0], rules.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const opening = content.lastIndexOf("<div", first.index);
  const closing = content.indexOf("</div>", last.index);
  const from = opening === -1 ? first.index : opening;
  const to = closing === -1 ? last.index + last[0].length : closing + "</div>".length;
  return content.slice(from, to);
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
