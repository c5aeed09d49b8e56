/** The hosts of Google that the sandbox stands in for. */
export type GoogleHost = keyof typeof PREFIXES;

/** Where each host is found below any other origin. */
export const PREFIXES = {
  "accounts.google.com": "/google/accounts",
  "oauth2.googleapis.com": "/google/oauth2",
  "www.googleapis.com": "/google/api",
  "openidconnect.googleapis.com": "/google/api",
  "youtube.googleapis.com": "/google/api",
} as const;

/** Whether this is the name of a host of Google's. */
export function isGoogleHost(hostname: string): hostname is GoogleHost {
  return Object.hasOwn(PREFIXES, hostname);
}

/** The address of one of Google's hosts, in the form in which the request came: by host or by prefix. */
export function addressOf(requested: URL, host: GoogleHost): string {
  return isGoogleHost(requested.hostname) ? `https://${host}` : `${requested.origin}${PREFIXES[host]}`;
}
