import { beforeEach, expect, test } from "vitest";
import { openMailbox, startMail } from "../mail-api/mailboxes.ts";
import { authorize, connectWith, MANAGER, somebody, trailOf } from "../oauth/manager.ts";
import { addressOf, call, listen, signIn } from "../support.ts";
import { begin } from "./flow.ts";

beforeEach(() => void listen());

type Who = ReturnType<typeof somebody>;

function expectRefused(answer: Response): void {
  expect([answer.status, answer.headers.get("Allow"), answer.headers.get("Cache-Control")]).toEqual([
    405,
    "GET",
    "no-store",
  ]);
}

test("a HEAD takes no token out, and none is said to have been", async () => {
  const who = somebody({ scope: "tokens:read" });
  const id = await connectWith(who, { provider: "notion" });
  await openMailbox(who, "google");
  for (const path of [`${MANAGER}/integrations/${id}/token`, "/api/oauth/google/xoauth2"]) {
    expectRefused(await call(path, who, { method: "HEAD" }));
    expect(await trailOf(who, "token_release")).toEqual([]);
  }
  expect((await call(`${MANAGER}/integrations/${id}/token`, who)).status).toBe(200);
  expect(await trailOf(who, "token_release")).toHaveLength(1);
});

test.each([
  ["the manager", async (who: Who) => (await authorize(who, { provider: "google" })).toString()],
  ["mail", async (who: Who) => (await startMail(who, "microsoft")).toString()],
  ["Microsoft's own surface", async (who: Who) => (await begin(who)).authorization_url],
])("a HEAD of the address that a sign-in at %s comes back to leaves it to the browser", async (_, start) => {
  const who = somebody();
  const back = await signIn(await start(who), "ana");
  const headers = { "CF-Connecting-IP": addressOf(who.sub) };
  expectRefused(await call(back, undefined, { method: "HEAD", headers }));
  expect((await call(back, undefined, { headers })).status).toBe(200);
});
