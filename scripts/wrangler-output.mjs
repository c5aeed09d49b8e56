/** What of wrangler's output is worth a person's attention: the Worker's log lines, warnings and errors. */

// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const COLOURS = /\u001B\[[\d;]*m/g;
// wrangler repeats what the Worker writes to console.warn and console.error under a heading of its own.
const HEADING = /^[^\w{]*\[?(?:ERROR|WARNING)\]?\s+(?=\{)/;
// npm start rings the crons itself, so that what wrangler says about them is not true here.
const CHATTER = /^(🪵|If you think this is a bug|.*Scheduled Workers are not automatically triggered)/u;

/**
 * Answers, line by line, with what to show, without colours; with undefined for chatter. A message goes on in
 * indented lines, which share its fate.
 *
 * @returns {(line: string, from: "out" | "err") => string | undefined}
 */
export function outputFilter() {
  let showing = true;
  return (line, from) => {
    const plain = line.replace(COLOURS, "").replace(HEADING, "").trimEnd();
    if (plain.startsWith("{")) return plain;
    if (from === "out" || plain === "") return undefined;
    if (!/^\s/.test(plain)) showing = !CHATTER.test(plain);
    return showing ? plain : undefined;
  };
}
