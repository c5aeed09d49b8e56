/** Rules between the fields of an event. No I/O. */
import type * as z from "zod";
import type { EventFields } from "./input.ts";
import { instantOf } from "./wall-time.ts";

type Context = z.RefinementCtx<EventFields>;

/** What must hold within a new event. */
export function checkNewEvent(event: EventFields, context: Context): void {
  checkTimes(event, context);
  checkRecurrence(event, context);
  checkMeeting(event, context);
}

/**
 * What must hold within a change. A start or an end may come alone: only Graph knows the other one, and its refusal
 * becomes a `validation_failed` too. What one change says of both is checked here.
 */
export function checkPatch(patch: EventFields, context: Context): void {
  // A field that is not known is what is wrong with a change that has no other.
  if (Object.keys(patch).length === 0 && context.issues.length === 0)
    complain(context, [], "expected at least one field to change");
  if (patch.all_day === true && (patch.start === undefined || patch.end === undefined)) {
    complain(context, ["all_day"], "expected start and end, both at midnight, together with all_day");
    return;
  }
  checkTimes(patch, context);
  checkRecurrence(patch, context);
  if (patch.recurrence && patch.start === undefined && patch.recurrence.range.start_date === undefined) {
    complain(context, ["recurrence", "range", "start_date"], "expected a date, because the change has no start");
  }
  checkMeeting(patch, context);
}

function checkTimes({ start, end, all_day }: EventFields, context: Context): void {
  if (start === undefined || end === undefined) return;
  if (all_day === true) {
    checkAllDay({ start, end }, context);
    return;
  }
  if (instantOf(end.date_time, end.time_zone) <= instantOf(start.date_time, start.time_zone)) {
    complain(context, ["end"], "expected a time after start");
  }
}

interface Times {
  readonly start: NonNullable<EventFields["start"]>;
  readonly end: NonNullable<EventFields["end"]>;
}

function checkAllDay({ start, end }: Times, context: Context): void {
  const atMidnight = (wall: string) => wall.endsWith("T00:00:00");
  if (!atMidnight(start.date_time))
    complain(context, ["start", "date_time"], "expected midnight, because all_day is true");
  if (!atMidnight(end.date_time)) complain(context, ["end", "date_time"], "expected midnight, because all_day is true");
  if (start.time_zone !== end.time_zone) {
    complain(context, ["end", "time_zone"], "expected the zone of start, because all_day is true");
  }
  if (end.date_time <= start.date_time) {
    complain(
      context,
      ["end"],
      "expected a day after start: the end of an all-day event is the first day that is free again",
    );
  }
}

function checkRecurrence({ start, recurrence }: EventFields, context: Context): void {
  if (!recurrence || start === undefined) return;
  const { range } = recurrence;
  const startDate = start.date_time.slice(0, 10);
  if (range.start_date !== undefined && range.start_date !== startDate) {
    complain(context, ["recurrence", "range", "start_date"], `expected the day of start, ${startDate}, or nothing`);
  }
  if (range.type === "end_date" && range.end_date < startDate) {
    complain(context, ["recurrence", "range", "end_date"], "expected a day that is not before start");
  }
}

function checkMeeting({ online_meeting, online_meeting_provider }: EventFields, context: Context): void {
  if (online_meeting_provider === undefined || online_meeting === true) return;
  complain(context, ["online_meeting_provider"], "expected online_meeting: true together with a provider");
}

function complain(context: Context, path: readonly string[], message: string): void {
  context.addIssue({ code: "custom", path: [...path], message });
}
