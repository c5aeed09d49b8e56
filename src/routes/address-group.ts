/** Which client addresses count as one. No I/O. */

const HIGHEST_GROUP = 0xffff;
// ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
const MAPPED = [0, 0, 0, 0, 0, HIGHEST_GROUP];
const PREFIX_GROUPS = 4;

/** The group that an address belongs to. An IPv6 customer owns a /64 at least, so its addresses count as one; an IPv4 address that is written as IPv6 counts as itself. */
export function addressGroup(address: string | undefined): string {
  if (address === undefined || address === "") return "unknown";
  if (!address.includes(":")) return address;
  const groups = groupsOf(address);
  if (groups === undefined) return address;
  if (MAPPED.every((group, index) => groups[index] === group)) return ipv4Of(groups.slice(MAPPED.length));
  return `${groups
    .slice(0, PREFIX_GROUPS)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight groups of an IPv6 address, `::` and an IPv4 tail written out; undefined where it is none. */
function groupsOf(address: string): number[] | undefined {
  const [bare = ""] = address.split("%");
  const [head = "", tail, ...more] = bare.replace(/[\d.]+$/, hexTail).split("::");
  if (more.length > 0) return undefined;
  const [before, after] = [numbers(head), numbers(tail ?? "")];
  const gap = 8 - before.length - after.length;
  const fits = tail === undefined ? gap === 0 : gap > 0;
  const groups = [...before, ...Array.from({ length: fits ? gap : 0 }, () => 0), ...after];
  return fits && groups.every((group) => group >= 0 && group <= HIGHEST_GROUP) ? groups : undefined;
}

/** `192.0.2.1` at the end of an address, as two groups. */
function hexTail(tail: string): string {
  const bytes = tail.split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return bytes.length === 4 ? `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}` : tail;
}

function numbers(text: string): number[] {
  return text === ""
    ? []
    : text.split(":").map((group) => (/^[\da-f]+$/i.test(group) ? Number.parseInt(group, 16) : -1));
}

function ipv4Of(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 255]).join(".");
}
