/** JSON from somewhere else. */

/** What `text` says; undefined where it is not JSON, as a gateway's HTML is not. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
