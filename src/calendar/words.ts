/** The enumerations of an event, in our spelling: Graph's camelCase becomes snake_case. */

/** How the time is shown to others. */
export const SHOW_AS = ["free", "tentative", "busy", "oof", "working_elsewhere", "unknown"] as const;
/** Who may see what it is about. */
export const SENSITIVITIES = ["normal", "personal", "private", "confidential"] as const;
/** How important the organiser says it is. */
export const IMPORTANCES = ["low", "normal", "high"] as const;
/** What is expected of an attendee; a room is a resource. */
export const ATTENDEE_TYPES = ["required", "optional", "resource"] as const;
/** How a body is written. */
export const BODY_TYPES = ["text", "html"] as const;
/** What an event is to its series. */
export const EVENT_TYPES = ["single_instance", "occurrence", "exception", "series_master"] as const;
/** What an attendee has answered. */
export const RESPONSES = [
  "none",
  "organizer",
  "tentatively_accepted",
  "accepted",
  "declined",
  "not_responded",
] as const;
/** Who runs an online meeting. */
export const MEETING_PROVIDERS = ["teams_for_business", "skype_for_business", "skype_for_consumer", "unknown"] as const;
/** Days of the week. */
export const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
/** Which of the matching days of a month. */
export const INDEXES = ["first", "second", "third", "fourth", "last"] as const;

/** One of {@link DAYS}. */
export type Day = (typeof DAYS)[number];

/** `working_elsewhere` as Graph writes it: `workingElsewhere`. */
export function toCamel(word: string): string {
  return word.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Graph's word as one of ours. Graph may add values at any time (`unknownFutureValue`), and a list of events must not
 * fail because of one: what is not known becomes `otherwise`.
 */
export function fromCamel<T extends string>(word: string | null | undefined, words: readonly T[], otherwise: T): T {
  const snake = word?.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return words.find((known) => known === snake) ?? otherwise;
}
