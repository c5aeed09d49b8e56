import cldr from "cldr-core/supplemental/windowsZones.json";
import { GraphError } from "./errors.ts";

const MAPPINGS = cldr.supplemental.windowsZones.mapTimezones.map(({ mapZone }) => ({
  windows: mapZone["_other"],
  zones: mapZone["_type"],
  territory: mapZone["_territory"],
}));
// Territory 001 is the zone that stands for the Windows name everywhere.
const IANA_OF = new Map(
  MAPPINGS.filter(({ territory }) => territory === "001").map(({ windows, zones }) => [windows.toLowerCase(), zones]),
);
const WINDOWS_OF = new Map(
  MAPPINGS.flatMap(({ windows, zones }) => zones.split(" ").map((iana) => [iana, windows] as const)),
);

/** The IANA zone behind a Windows or IANA name. Throws 400 when Exchange would not know it. */
export function ianaZone(name: string): string {
  const iana = IANA_OF.get(name.toLowerCase()) ?? (isIana(name) ? name : undefined);
  if (iana !== undefined) return iana;
  const message = `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${name}'.`;
  throw new GraphError(400, "TimeZoneNotSupportedException", message);
}

/** The Windows name that Exchange notes as the original zone; an IANA name without one stays as it is. */
export function windowsZone(name: string): string {
  const known = MAPPINGS.find(({ windows }) => windows.toLowerCase() === name.toLowerCase());
  return known?.windows ?? WINDOWS_OF.get(name) ?? name;
}

// Offsets such as +02:00 are valid for Intl and no zone for Exchange.
function isIana(name: string): boolean {
  if (!/^(UTC|[A-Za-z_]+\/[\w+\-/]+)$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
