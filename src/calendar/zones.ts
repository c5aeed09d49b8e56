/**
 * Time zone names. Callers may write IANA or Windows names and always read IANA ones. The translation is Unicode's CLDR
 * table (https://cldr.unicode.org), taken as it is published; what an IANA name is, the platform's own data decides.
 */
import cldr from "cldr-core/supplemental/windowsZones.json";

// Territory 001, "the world", holds one default for each Windows zone.
const WORLD = "001";

/** Every Windows zone name and the IANA zone that stands for it. */
export const WINDOWS_ZONES: ReadonlyMap<string, string> = new Map(
  cldr.supplemental.windowsZones.mapTimezones
    .map(({ mapZone: { _territory: territory, _other: windows, _type: iana } }) => ({ territory, windows, iana }))
    .filter(({ territory }) => territory === WORLD)
    .map(({ windows, iana }) => [windows, iana]),
);

const byLowerCase = new Map([...WINDOWS_ZONES].map(([windows, iana]) => [windows.toLowerCase(), iana]));

// Making an Intl formatter is slow, and a page has two zones for each event. Only true names are kept, and not without
// end: letter case alone gives a caller many spellings.
const known = new Map<string, string>();
const MAX_KNOWN = 1_000;

/**
 * The IANA name of a zone given by its IANA or Windows name; undefined where it is neither, such as the custom zones of
 * old clients (`tzone://Microsoft/Custom`) and bare offsets. An alias (`Asia/Kolkata`) stays as written, because the
 * platform would answer with the older of two valid names.
 */
export function toIana(name: string): string | undefined {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const iana = platformName(byLowerCase.get(name.toLowerCase()) ?? name);
  if (iana === undefined) return undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, iana);
  return iana;
}

function platformName(name: string): string | undefined {
  if (!/^[a-z][\w+/-]*$/i.test(name)) return undefined;
  try {
    const resolved = new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
    // Etc/UTC and UTC are one zone; the short name is what everybody, Graph included, writes.
    return resolved === "UTC" || resolved.toLowerCase() === name.toLowerCase() ? resolved : name;
  } catch {
    return undefined;
  }
}
