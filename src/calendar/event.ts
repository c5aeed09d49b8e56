/** An event and a calendar as callers read them. Contract: every field is always there; what is not set is null. */
import type { Recurrence } from "./recurrence.ts";
import type {
  ATTENDEE_TYPES,
  BODY_TYPES,
  EVENT_TYPES,
  IMPORTANCES,
  MEETING_PROVIDERS,
  RESPONSES,
  SENSITIVITIES,
  SHOW_AS,
} from "./words.ts";

type OneOf<T extends readonly string[]> = T[number];

/** A wall time and its zone. */
export interface Moment {
  /** `YYYY-MM-DDTHH:MM:SS`, without an offset. */
  readonly date_time: string;
  /** IANA. */
  readonly time_zone: string;
}

/** Somebody with an address. */
export interface Mailbox {
  readonly address: string;
  readonly name: string | null;
}

/** A person or room that is invited. */
export interface Attendee extends Mailbox {
  readonly type: OneOf<typeof ATTENDEE_TYPES>;
  readonly response: OneOf<typeof RESPONSES>;
  /** RFC 3339 UTC. */
  readonly responded_at: string | null;
}

/** A postal address. */
interface PostalAddress {
  readonly street: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postal_code: string | null;
  readonly country: string | null;
}

/** Where an event takes place. */
export interface Location {
  readonly name: string;
  readonly address: PostalAddress | null;
  readonly uri: string | null;
}

/** How to join online. `join_url` may be null for some seconds after the meeting was made. */
export interface OnlineMeeting {
  readonly join_url: string | null;
  readonly provider: OneOf<typeof MEETING_PROVIDERS>;
  readonly conference_id: string | null;
  readonly toll_number: string | null;
}

/** An event. Times of the record itself are RFC 3339 UTC. */
export interface CalendarEvent {
  readonly id: string;
  /** Send it back as `If-Match`. It also changes for reasons that no user sees. */
  readonly etag: string | null;
  /** Where the request named a calendar. */
  readonly calendar_id: string | null;
  readonly type: OneOf<typeof EVENT_TYPES>;
  readonly subject: string;
  readonly body: { readonly content_type: OneOf<typeof BODY_TYPES>; readonly content: string };
  readonly body_preview: string;
  readonly start: Moment;
  readonly end: Moment;
  readonly all_day: boolean;
  readonly location: Location | null;
  readonly attendees: readonly Attendee[];
  readonly organizer: Mailbox | null;
  readonly is_organizer: boolean;
  readonly response: OneOf<typeof RESPONSES>;
  readonly recurrence: Recurrence | null;
  readonly series_id: string | null;
  readonly original_start: string | null;
  readonly online_meeting: OnlineMeeting | null;
  readonly show_as: OneOf<typeof SHOW_AS>;
  readonly sensitivity: OneOf<typeof SENSITIVITIES>;
  readonly importance: OneOf<typeof IMPORTANCES>;
  /** Minutes before the start; null: no reminder. */
  readonly reminder_minutes: number | null;
  readonly categories: readonly string[];
  readonly web_link: string | null;
  readonly is_cancelled: boolean;
  readonly created_at: string | null;
  readonly updated_at: string | null;
}

/** A calendar. */
export interface Calendar {
  readonly id: string;
  readonly name: string;
  readonly color: string | null;
  readonly is_default: boolean;
  readonly can_edit: boolean;
  readonly can_share: boolean;
  readonly owner: Mailbox | null;
  readonly online_meeting_providers: readonly OneOf<typeof MEETING_PROVIDERS>[];
  readonly default_online_meeting_provider: OneOf<typeof MEETING_PROVIDERS>;
}
