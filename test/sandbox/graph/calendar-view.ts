import type { User } from "../entra/users.ts";
import type { World } from "../world.ts";
import { GraphError } from "./errors.ts";
import type { Instance } from "./event-record.ts";
import { instancesWithin, type Window } from "./instances.ts";
import { listEvents } from "./mailbox.ts";
import { DAY_MS, instantOf } from "./wall-clock.ts";

const LONGEST_DAYS = 1825;

/** Everything of a calendar that overlaps the window, with every series expanded. */
export function calendarView(world: World, owner: User, tag: string, window: Window): Instance[] {
  return listEvents(world, owner, tag).flatMap((event) => instancesWithin(event, window));
}

/** The window of a request. A bound without an offset is UTC, whatever zone the answer shall have. */
export function readWindow({ searchParams }: URL): Window {
  const start = searchParams.get("startDateTime") ?? searchParams.get("startdatetime");
  const end = searchParams.get("endDateTime") ?? searchParams.get("enddatetime");
  if (start === null || end === null) {
    const message =
      "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.";
    throw new GraphError(400, "ErrorInvalidParameter", message);
  }
  const window = { from: bound(start, "StartDateTime"), to: bound(end, "EndDateTime") };
  if (window.to < window.from)
    throw new GraphError(400, "ErrorInvalidParameter", "The end of the time window is before its start.");
  if (window.to - window.from > LONGEST_DAYS * DAY_MS) {
    const message = `The requested time duration specified for calendarview is too long. The maximum number of days is ${LONGEST_DAYS}.`;
    throw new GraphError(400, "ErrorInvalidRequest", message);
  }
  return window;
}

// A plus sign that was not percent-encoded arrives as a space, and is refused like any other nonsense.
function bound(text: string, name: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text);
  const [, date, minutes = "00:00", seconds = ":00", , offset = "Z"] = match ?? [];
  const instant =
    offset.toUpperCase() === "Z"
      ? instantOf(`${date}T${minutes}${seconds}`, "UTC")
      : Date.parse(`${date}T${minutes}${seconds}${offset}`);
  if (!Number.isNaN(instant)) return instant;
  throw new GraphError(400, "ErrorInvalidParameter", `The value '${text}' of the parameter '${name}' is invalid.`);
}
