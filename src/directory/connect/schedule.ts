/** When something of a tenant is due again: at a moment of its own within each interval, so that tenants are spread evenly. No I/O. */

/** What a due time follows from. */
export interface Recurring {
  /** When the last one was started, ms since the epoch. */
  readonly last: number;
  readonly intervalMs: number;
}

/**
 * The next moment of that name, ms since the epoch. It may have passed: then it is due at once. One that was started late
 * does not shift the following ones, and none follows within half an interval of the last. The same name has the same moments.
 */
export function nextDue(name: string, { last, intervalMs }: Recurring): number {
  const phase = hash(name) % intervalMs;
  return Math.ceil((last + intervalMs / 2 - phase) / intervalMs) * intervalMs + phase;
}

/** FNV-1a with the last step of MurmurHash3, whose low bits alone are not even. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
