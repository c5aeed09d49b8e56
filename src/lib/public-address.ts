/**
 * Which URLs and hosts lead to the public internet: what a user, an operator or a provider's metadata names must not lead
 * elsewhere (SSRF).
 * No I/O: a public name that resolves to a private address cannot be seen from here.
 */
import ipaddr from "ipaddr.js";

/** Names that are looked up on a machine, in a house or in a company, never in the public tree (RFC 6761, 6762, 8375; ICANN's .internal). */
const PRIVATE_SUFFIX = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa)$/;
/** All of IPv6 that is given out so far (RFC 4291, IANA): whatever lies outside translates to IPv4, or is local. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** True for an http(s) URL whose host is a public address, or a name that can be a public one. */
export function isPublicUrl(url: string | URL): boolean {
  if (!URL.canParse(url.toString())) return false;
  // The parser has written every spelling of an IPv4 address (0x7f.1, 2130706433) as four decimal parts.
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return false;
  const host = hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  return ipaddr.isValid(host) ? isPublicAddress(host) : isPublicName(host.toLowerCase());
}

/**
 * True for a host, as a TCP connection takes it, that is a public address or a name that can be a public one. An address
 * has to be in its usual spelling: what is odd (0x7f.1, 010.0.0.1) others may read otherwise than we do.
 */
export function isPublicHost(host: string): boolean {
  const url = `https://${host.includes(":") ? `[${host}]` : host}`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  const written = hostname.replace(/^\[(.*)\]$/, "$1");
  if (ipaddr.isValid(written) ? !ipaddr.isValid(host) || !isUsual(host, written) : written !== host.toLowerCase())
    return false;
  return isPublicUrl(url);
}

/** IPv4 has one usual spelling; an IPv6 address may be shortened or not, and says the same. */
function isUsual(host: string, written: string): boolean {
  return ipaddr.parse(host).kind() === "ipv6" || host === written;
}

function isPublicAddress(host: string): boolean {
  const address = ipaddr.parse(host);
  // Any range that has a name is special: private, loopback, mapped, translated, documentation.
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || address.match(GLOBAL_UNICAST);
}

function isPublicName(name: string): boolean {
  const labels = name.split(".");
  return labels.length > 1 && labels.every((label) => label !== "") && !PRIVATE_SUFFIX.test(name);
}
