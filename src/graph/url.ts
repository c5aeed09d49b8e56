/** Where a Graph request may go. A bearer token leaves only for the configured host and version. No I/O. */
import { failure } from "../lib/errors.ts";

/** Graph in the global cloud; other clouds and stand-ins come from configuration. */
export const GRAPH_BASE_URL = "https://graph.microsoft.com";

const VERSION = "v1.0";

/** The version root below `baseUrl`, without a trailing slash. */
export function versionRoot(baseUrl: string): string {
  return `${baseUrl.replace(/\/+$/, "")}/${VERSION}`;
}

/** The address of a path below `root`, such as `/me/events`. Ids in it must already be percent-encoded. */
export function addressOf(root: string, path: string, query: Readonly<Record<string, string>> = {}): URL {
  // encodeURIComponent and not URLSearchParams: Graph's filter parser reads a `+` as a plus, so a space must be %20.
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return trustedAddress(root, `${root}${path}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`);
}

/**
 * `link` as a URL when it stays below `root`. A link in an answer (`@odata.nextLink`) is followed verbatim, but only
 * after this check: whoever can plant one would otherwise be sent the user's token. Failure: `provider_error`.
 */
export function trustedAddress(root: string, link: string): URL {
  const home = new URL(root);
  const url = URL.parse(link);
  // URL.parse has resolved dot segments by now, encoded ones included.
  const trusted =
    url !== null &&
    url.origin === home.origin &&
    url.username === "" &&
    url.password === "" &&
    url.pathname.startsWith(`${home.pathname}/`);
  if (trusted) return url;
  throw failure("provider_error", "Microsoft Graph sent a link that leads elsewhere.", {
    reason: `a link to ${url?.origin ?? "no address"} is not below ${root}`,
  });
}
