import { expect, test } from "vitest";
import { eventFromGraph } from "../../src/calendar/from-graph.ts";

const TIMES = {
  start: { dateTime: "2026-11-20T09:00:00.0000000", timeZone: "W. Europe Standard Time" },
  end: { dateTime: "2026-11-20T10:00:00.0000000", timeZone: "Europe/Rome" },
};
const NEVER = "0001-01-01T00:00:00Z";

const WHOLE = {
  id: "AAMk=",
  etag: 'W/"AbC=="',
  calendar_id: "cal=",
  type: "occurrence",
  subject: "Audit",
  body: { content_type: "html", content: "<p>x</p>" },
  body_preview: "x",
  start: { date_time: "2026-11-20T09:00:00", time_zone: "Europe/Berlin" },
  end: { date_time: "2026-11-20T10:00:00", time_zone: "Europe/Rome" },
  all_day: false,
  location: {
    name: "Room 1",
    address: { street: "Via 1", city: "Rome", state: "", postal_code: "00100", country: "Italy" },
    uri: "https://maps.test",
  },
  attendees: [
    {
      address: "bo@contoso.example",
      name: "Bo",
      type: "optional",
      response: "tentatively_accepted",
      responded_at: "2026-11-01T08:00:00.000Z",
    },
    { address: "al@contoso.example", name: null, type: "required", response: "none", responded_at: null },
  ],
  organizer: { address: "ana@contoso.example", name: "Ana" },
  is_organizer: true,
  response: "organizer",
  recurrence: null,
  series_id: "AAMkM=",
  original_start: "2026-11-20T08:00:00.000Z",
  online_meeting: {
    join_url: "https://teams.test/j",
    provider: "teams_for_business",
    conference_id: "1",
    toll_number: "+39",
  },
  show_as: "working_elsewhere",
  sensitivity: "private",
  importance: "high",
  reminder_minutes: 15,
  categories: ["Red"],
  web_link: "https://outlook.test/1",
  is_cancelled: false,
  created_at: "2026-11-01T08:00:00.123Z",
  updated_at: "2026-11-01T09:00:01.000Z",
};

test("an event with everything is read whole", () => {
  const event = eventFromGraph(
    {
      "@odata.context": "x",
      "@odata.etag": 'W/"AbC=="',
      id: "AAMk=",
      type: "occurrence",
      subject: "Audit",
      body: { contentType: "html", content: "<p>x</p>" },
      bodyPreview: "x",
      ...TIMES,
      isAllDay: false,
      location: {
        displayName: "Room 1",
        locationUri: "https://maps.test",
        address: { street: "Via 1", city: "Rome", state: "", postalCode: "00100", countryOrRegion: "Italy" },
      },
      attendees: [
        {
          type: "optional",
          status: { response: "tentativelyAccepted", time: "2026-11-01T08:00:00Z" },
          emailAddress: { address: "bo@contoso.example", name: "Bo" },
        },
        {
          type: "required",
          status: { response: "none", time: NEVER },
          emailAddress: { address: "al@contoso.example" },
        },
      ],
      organizer: { emailAddress: { address: "ana@contoso.example", name: "Ana" } },
      isOrganizer: true,
      responseStatus: { response: "organizer", time: NEVER },
      seriesMasterId: "AAMkM=",
      originalStart: "2026-11-20T08:00:00Z",
      isOnlineMeeting: true,
      onlineMeetingProvider: "teamsForBusiness",
      onlineMeeting: { joinUrl: "https://teams.test/j", conferenceId: "1", tollNumber: "+39" },
      showAs: "workingElsewhere",
      sensitivity: "private",
      importance: "high",
      isReminderOn: true,
      reminderMinutesBeforeStart: 15,
      categories: ["Red"],
      webLink: "https://outlook.test/1",
      isCancelled: false,
      createdDateTime: "2026-11-01T08:00:00.1234567Z",
      lastModifiedDateTime: "2026-11-01T10:00:01+01:00",
    },
    "cal=",
  );
  expect(event).toEqual(WHOLE);
});

test("an event with next to nothing has every field all the same", () => {
  const bare = eventFromGraph({ id: "1", ...TIMES, location: { displayName: "", address: {} }, attendees: null });
  expect(bare).toMatchObject({
    etag: null,
    subject: "",
    location: null,
    attendees: [],
    online_meeting: null,
    organizer: null,
  });
  expect(Object.values(bare)).not.toContain(undefined);
  expect(Object.keys(bare).toSorted()).toEqual(Object.keys(WHOLE).toSorted());
});

test("words that Graph may add later do not break an event", () => {
  const event = eventFromGraph({
    id: "1",
    ...TIMES,
    showAs: "elsewhere2",
    sensitivity: "unknownFutureValue",
    type: null,
  });
  expect(event).toMatchObject({ show_as: "unknown", sensitivity: "normal", type: "single_instance" });
});

test("a reminder that is off is none, whatever its minutes say", () => {
  expect(
    eventFromGraph({ id: "1", ...TIMES, isReminderOn: false, reminderMinutesBeforeStart: 15 }).reminder_minutes,
  ).toBeNull();
});

test("an online meeting whose link has not come yet is still one", () => {
  const event = eventFromGraph({ id: "1", ...TIMES, isOnlineMeeting: true, onlineMeeting: null });
  expect(event.online_meeting).toMatchObject({ join_url: null, provider: "unknown" });
});

test.each([
  ["no id", { ...TIMES }],
  ["no times", { id: "1" }],
  ["a zone without a name", { id: "1", ...TIMES, start: { ...TIMES.start, timeZone: "tzone://Microsoft/Custom" } }],
  ["no object", "<html>"],
])("an answer with %s is an error of the provider", (_, value) => {
  expect(() => eventFromGraph(value)).toThrow(expect.objectContaining({ code: "provider_error" }));
});
