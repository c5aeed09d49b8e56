import { BASES, type Route, withstands } from "./security.ts";

const MOMENT = { date_time: "2026-12-01T09:00:00", time_zone: "Europe/Rome" };
const EVENT = { subject: "x", start: MOMENT, end: { ...MOMENT, date_time: "2026-12-01T10:00:00" } };
const ID = "AAMkAGI=";

const minute = (name: string, quota: number) => ({ limit: { name, quota, windowS: 60 } });

/** Every route that a caller's token opens, in both systems. */
const ROUTES: readonly Route[] = BASES.flatMap((base): Route[] => {
  const calendar = "/calendar/microsoft";
  const write = { base, takesConnection: true, ...minute("events-write", 50) };
  return [
    { base, method: "GET", path: "/auth/microsoft/", ...minute("authorize", 10) },
    { base, method: "GET", path: "/auth/microsoft/user", takesConnection: true, ...minute("profile", 100) },
    { base, method: "GET", path: `${calendar}/`, takesConnection: true, ...minute("calendar", 100) },
    { base, method: "GET", path: `${calendar}/events`, takesConnection: true, ...minute("events-read", 200) },
    { ...write, method: "POST", path: `${calendar}/events`, body: EVENT },
    { ...write, method: "PATCH", path: `${calendar}/events/${ID}`, body: { subject: "y" } },
    { ...write, method: "PUT", path: `${calendar}/events/${ID}`, body: { subject: "y" } },
    { ...write, method: "DELETE", path: `${calendar}/events/${ID}` },
  ];
});

for (const route of ROUTES) withstands(route);

withstands({ base: "/api/v1", method: "GET", path: "/health/microsoft/tokens", role: "operator" });
