import { badQuery } from "./errors.ts";
import { ianaZone } from "./zones.ts";

/** What the `Prefer` header asks for, and what of it was applied. */
export interface Preferences {
  /** The zone of start and end in answers: its name as asked for and the IANA zone behind it. */
  zone?: { name: string; iana: string };
  textBody: boolean;
  immutableIds: boolean;
  pageSize?: number;
  applied: string[];
}

/** Reads `Prefer`. Throws 400 on a zone that Exchange does not know. */
export function readPreferences(header: string | undefined): Preferences {
  const preferences: Preferences = { textBody: false, immutableIds: false, applied: [] };
  for (const [, name = "", quoted, plain] of (header ?? "").matchAll(/([\w.-]+)\s*=\s*(?:"([^"]*)"|([^\s,;]+))/g)) {
    const value = quoted ?? plain ?? "";
    if (READERS[name.toLowerCase()]?.(preferences, value) === true) preferences.applied.push(`${name}="${value}"`);
  }
  return preferences;
}

type Reader = (preferences: Preferences, value: string) => boolean;

const READERS: Record<string, Reader> = {
  "outlook.timezone": (preferences, name) => {
    preferences.zone = { name, iana: ianaZone(name) };
    return true;
  },
  "outlook.body-content-type": (preferences, value) => {
    preferences.textBody = value.toLowerCase() === "text";
    return true;
  },
  idtype: (preferences, value) => {
    preferences.immutableIds = value === "ImmutableId";
    return preferences.immutableIds;
  },
  "odata.maxpagesize": (preferences, value) => {
    const size = Number(value);
    if (!Number.isInteger(size) || size < 1) throw badQuery("Invalid value for odata.maxpagesize.");
    preferences.pageSize = Math.min(size, 1000);
    return true;
  },
};
