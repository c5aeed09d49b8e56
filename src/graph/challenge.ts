/**
 * Claims challenges: Graph tells through `WWW-Authenticate` (RFC 9110 section 11.6.1) that the user must sign in with
 * more, for example after a policy changed (https://learn.microsoft.com/entra/identity-platform/claims-challenge).
 */

/** A claims challenge. `claims` is the JSON to pass on to the authorize request, when it could be read. */
export interface ClaimsChallenge {
  readonly claims: string | undefined;
}

/** The claims challenge in the headers of a 401 or 403, wherever among several challenges it stands. */
export function claimsChallenge(headers: Headers): ClaimsChallenge | undefined {
  const challenge = challengesIn(headers.get("www-authenticate") ?? "").find(
    (parameters) => parameters.get("error") === "insufficient_claims",
  );
  return challenge && { claims: decodeClaims(challenge.get("claims") ?? "") };
}

// Headers joins several values with a comma, and commas part the parameters too: a word followed by a space and a
// parameter is the scheme that opens the next challenge.
const PARAMETER = /(?:([a-z][\w-]*)\s+(?=[\w-]+\s*=))?([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))/gi;

function challengesIn(header: string): Map<string, string>[] {
  const challenges: Map<string, string>[] = [];
  for (const [, scheme, name = "", quoted, bare = ""] of header.matchAll(PARAMETER)) {
    if (scheme !== undefined || challenges.length === 0) challenges.push(new Map());
    challenges.at(-1)?.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? bare);
  }
  return challenges;
}

/** Base64 in either alphabet, or plain JSON; anything else is not passed on to a sign-in page. */
function decodeClaims(text: string): string | undefined {
  try {
    const json = text.startsWith("{") ? text : fromBase64(text);
    const claims: unknown = JSON.parse(json);
    return typeof claims === "object" && claims !== null ? JSON.stringify(claims) : undefined;
  } catch {
    return undefined;
  }
}

function fromBase64(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
    Uint8Array.from(binary, (char) => char.charCodeAt(0)),
  );
}
