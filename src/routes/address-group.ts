/** Which client addresses count as one. No I/O. */
import ipaddr from "ipaddr.js";

const PREFIX_GROUPS = 4;

/** The group that an address belongs to. An IPv6 customer owns a /64 at least, so its addresses count as one; an IPv4 address that is written as IPv6 counts as itself. */
export function addressGroup(address: string | undefined): string {
  if (address === undefined || address === "") return "unknown";
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  const prefix = parsed.parts.slice(0, PREFIX_GROUPS).map((group) => group.toString(16));
  return `${prefix.join(":")}::/64`;
}

/** The network of an address, for records that must not name a person: a /24, or a /48. Undefined where there is no address. */
export function addressNetwork(address: string | undefined): string | undefined {
  if (address === undefined || !ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  const bits = parsed.kind() === "ipv4" ? 24 : 48;
  const bytes = parsed.toByteArray().map((byte, index) => (index * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
