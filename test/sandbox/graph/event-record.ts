import type { Recurrence } from "./recurrence.ts";

/** A wall time `YYYY-MM-DDTHH:mm:ss` and the zone as the client named it. */
export interface Moment {
  dateTime: string;
  timeZone: string;
}

/** What a client may write of an event, with Exchange's defaults filled in. */
export interface EventFields {
  subject: string;
  body: { contentType: "text" | "html"; content: string };
  start: Moment;
  end: Moment;
  isAllDay: boolean;
  locations: Record<string, unknown>[];
  attendees: Record<string, unknown>[];
  recurrence: Recurrence | null;
  isReminderOn: boolean;
  reminderMinutesBeforeStart: number;
  responseRequested: boolean;
  sensitivity: string;
  showAs: string;
  importance: string;
  categories: string[];
  hideAttendees: boolean;
  allowNewTimeProposals: boolean;
  isOnlineMeeting: boolean;
  onlineMeetingProvider: string;
}

/** A property that an application attached to an event. */
export interface ExtendedProperty {
  id: string;
  value: string;
}

/** An event of a mailbox as it is kept. Times are in milliseconds. */
export interface StoredEvent {
  uid: string;
  /** The tag of the calendar that holds it. */
  calendar: string;
  changeKey: string;
  /** Counts every change of the mailbox; a delta asks for what came later. */
  revision: number;
  createdAt: number;
  modifiedAt: number;
  transactionId?: string;
  fields: EventFields;
  properties: ExtendedProperty[];
  /** The meeting of an online event: it appears a while after the event. */
  meeting?: { joinUrl: string; reads: number; ready: boolean };
  /** Changed occurrences by their original date. */
  exceptions: Record<string, { changeKey: string; fields: Partial<EventFields> }>;
  /** The dates of deleted occurrences. */
  cancelled: string[];
}

/** An event, or one occurrence of a series, with what is true of it alone. */
export interface Instance {
  event: StoredEvent;
  fields: EventFields;
  type: "singleInstance" | "seriesMaster" | "occurrence" | "exception";
  /** The original date of an occurrence. */
  date?: string;
  changeKey: string;
  startMs: number;
  endMs: number;
}
