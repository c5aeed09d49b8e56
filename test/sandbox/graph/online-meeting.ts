import { randomText } from "../ids.ts";
import type { EventFields, StoredEvent } from "./event-record.ts";

/** Whether the join information of an online event is still where the provider put it. */
export function hasMeeting({ fields, meeting }: StoredEvent): boolean {
  return fields.isOnlineMeeting && meeting?.ready === true;
}

/** A meeting that is being made: neither the create's answer nor the first read shows it. */
export function pendingMeeting(): NonNullable<StoredEvent["meeting"]> {
  return {
    joinUrl: `https://teams.microsoft.com/l/meetup-join/19%3ameeting_${randomText(24)}`,
    reads: 0,
    ready: false,
  };
}

/** The event after one more read, or undefined when the read changes nothing. */
export function afterRead(event: StoredEvent): StoredEvent | undefined {
  const { meeting, fields } = event;
  if (!fields.isOnlineMeeting || meeting === undefined || meeting.ready) return undefined;
  if (meeting.reads === 0) return { ...event, meeting: { ...meeting, reads: 1 } };
  const ready = { ...meeting, reads: meeting.reads + 1, ready: true };
  return { ...event, meeting: ready, fields: { ...fields, body: withJoinBlock(fields.body, meeting.joinUrl) } };
}

/** The fields after an update: a body without the join block ends the meeting, and nothing else does. */
export function afterBodyChange({ meeting, fields: before }: StoredEvent, fields: EventFields): EventFields {
  if (meeting?.ready === true && !fields.body.content.includes(meeting.joinUrl))
    return { ...fields, isOnlineMeeting: false };
  return before.isOnlineMeeting ? { ...fields, isOnlineMeeting: true } : fields;
}

function withJoinBlock({ content }: EventFields["body"], joinUrl: string): EventFields["body"] {
  const block = `<div class="me-email-text"><a href="${joinUrl}">Join the meeting now</a></div>`;
  return { contentType: "html", content: `${content}${block}` };
}
