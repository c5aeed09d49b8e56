import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import type { Hosted } from "../../src/routes/context.ts";
import { requireFeature } from "../../src/routes/features.ts";
import { problemOf } from "../routes/security.ts";
import { call, send } from "../support.ts";
import { connectWith, finishAs, forgetHeard, heard, resetSandbox, somebody, trailOf } from "./manager.ts";
import { otherWorld } from "./other-world.ts";

afterEach(resetSandbox);

const CALENDAR = "/api/v1/calendar/microsoft";
const MOMENT = { date_time: "2026-12-01T09:00:00", time_zone: "Europe/Rome" };
const EVENT = { subject: "x", start: MOMENT, end: { ...MOMENT, date_time: "2026-12-01T10:00:00" } };
const WRITES = [
  ["POST", "/events", EVENT],
  ["PATCH", "/events/AAMkAGI=", { subject: "y" }],
  ["PUT", "/events/AAMkAGI=", { subject: "y" }],
  ["DELETE", "/events/AAMkAGI=", undefined],
] as const;
const READS = ["/", "/events"];

async function write(who: { sub: string }, [method, path, body]: (typeof WRITES)[number]): Promise<Response> {
  return body === undefined ? call(CALENDAR + path, who, { method }) : send(method, CALENDAR + path, who, body);
}

test("a grant that may read the calendar reads it, and cannot write: it is told before Graph is", async () => {
  const who = somebody();
  await connectWith(who, { provider: "microsoft", features: ["calendar.read"] });
  for (const path of READS) expect((await call(CALENDAR + path, who)).status).toBe(200);
  await forgetHeard();
  for (const one of WRITES)
    expect(await problemOf(await write(who, one))).toMatchObject({
      status: 403,
      code: "scope_insufficient",
      missing_scopes: ["Calendars.ReadWrite"],
      detail: "The grant does not cover calendar.write.",
    });
  expect(await heard("graph.microsoft.com")).toEqual([]);
});

test("the path in the refusal leads to a grant that covers it", async () => {
  const who = somebody();
  await connectWith(who, { provider: "microsoft", scopes: ["Mail.Send"] });
  const refused = await problemOf(await call(`${CALENDAR}/events`, who));
  expect(refused).toMatchObject({ code: "scope_insufficient", missing_scopes: ["Calendars.Read"] });
  const path = String(refused["authorize_path"]);
  expect(path).toContain(
    "/oauth/authorize?provider=microsoft&scopes=https%3A%2F%2Fgraph.microsoft.com%2FCalendars.Read&",
  );
  const started = await call(path, who, { method: "POST" });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  await finishAs(who, new URL(url), "ana");
  expect((await call(`${CALENDAR}/events`, who)).status).toBe(200);
});

test.each(["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"])("%s covers reading and writing", async (scope) => {
  const who = somebody();
  await connectWith(who, { provider: "microsoft", scopes: [scope] });
  expect((await call(`${CALENDAR}/events`, who)).status).toBe(200);
  expect((await write(who, WRITES[0])).status).toBe(201);
});

test("a caller whose role may not use a feature does not, whatever the grant covers, and that is recorded", async () => {
  const who = somebody();
  await connectWith(who, { provider: "microsoft" });
  const world = otherWorld({ SCOPE_POLICY: JSON.stringify({ user: { microsoft: ["calendar.read", "User.Read"] } }) });
  const path = `${CALENDAR}/events`;
  expect((await world.send(who, "GET", path)).status).toBe(200);
  const refused = await problemOf(await world.send(who, "POST", path, EVENT));
  expect(refused).toMatchObject({ status: 403, code: "forbidden", reason: "scope_beyond_policy", mend: "operator" });
  expect((await world.send({ ...who, roles: ["tenant_admin"] }, "POST", path, EVENT)).status).toBe(201);
  await world.keeper(who.sub, "trail");
  const denials = await trailOf(who, "policy_denial");
  expect(denials).toMatchObject([
    { actor: who.sub, code: "forbidden", provider: "microsoft", detail: { roles: ["user"] } },
  ]);
});

test("a gated route that never asks for a token fails, for nobody has looked", async () => {
  const app = new Hono<Hosted>();
  app.onError((error) => new Response(error.message, { status: 500 }));
  app.get("/", requireFeature("microsoft", "mail.send"), (c) => c.text("done"));
  const answer = await app.request("/");
  expect(answer.status).toBe(500);
  expect(await answer.text()).toContain("mail.send of microsoft was not checked");
});
