/** Reads the calendars of a mailbox. */
import type { Graph } from "../graph/client.ts";
import { collect } from "../graph/pages.ts";
import { failure } from "../lib/errors.ts";
import type { Calendar } from "./event.ts";
import { mailboxOf } from "./from-graph.ts";
import { DEFAULT_ZONE, prefer, READ } from "./requests.ts";
import { WireCalendar } from "./wire.ts";
import { fromCamel, MEETING_PROVIDERS } from "./words.ts";

/** The default calendar and all calendars, the default one included. */
export interface Calendars {
  readonly default: Calendar;
  readonly calendars: readonly Calendar[];
}

const PAGE_SIZE = "100";
const MAX_PAGES = 10;

/** The calendars of the account. Failures: those of Graph. */
export async function getCalendars(graph: Graph): Promise<Calendars> {
  const request = { headers: prefer(DEFAULT_ZONE), label: "calendars.list", needs: READ };
  const query = { $top: PAGE_SIZE, $select: CALENDAR_FIELDS };
  const items = await collect(graph, { ...request, path: "/me/calendars", query }, MAX_PAGES);
  const calendars = items.map(calendarFromGraph);
  const marked = calendars.find((calendar) => calendar.is_default);
  if (marked !== undefined) return { default: marked, calendars };
  const answer = await graph.request({ ...request, label: "calendars.default", path: "/me/calendar" });
  return { default: { ...calendarFromGraph(answer.body), is_default: true }, calendars };
}

const CALENDAR_FIELDS = Object.keys(WireCalendar.shape).join(",");

function calendarFromGraph(value: unknown): Calendar {
  const { data: wire, error } = WireCalendar.safeParse(value);
  if (wire === undefined) {
    throw failure("provider_error", "Microsoft Graph sent a calendar that cannot be read.", { cause: error });
  }
  return {
    id: wire.id,
    name: wire.name ?? "",
    // A colour of the user's own has a hex value; else there is the name of one of Outlook's.
    color: [wire.hexColor, wire.color].find(Boolean) ?? null,
    is_default: wire.isDefaultCalendar ?? false,
    can_edit: wire.canEdit ?? false,
    can_share: wire.canShare ?? false,
    owner: mailboxOf(wire.owner),
    online_meeting_providers: (wire.allowedOnlineMeetingProviders ?? []).map(providerOf),
    default_online_meeting_provider: providerOf(wire.defaultOnlineMeetingProvider),
  };
}

function providerOf(word: string | null | undefined) {
  return fromCamel(word, MEETING_PROVIDERS, "unknown");
}
