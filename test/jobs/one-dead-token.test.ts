import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refreshExpiring } from "../../src/jobs/refresh-expiring.ts";
import { openHouse, openSystem } from "../../src/system.ts";
import { keeperOf, rowOf, sleep } from "../connections/keeper.ts";
import { ask, connectWith, forgetHeard, heard, resetSandbox, somebody } from "../oauth/manager.ts";
import { listen } from "../support.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const TOKEN_PATH = "/common/oauth2/v2.0/token";

beforeEach(() => void listen());
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await resetSandbox();
});

type Who = ReturnType<typeof somebody>;

const setTime = (now: number) => void vi.useFakeTimers({ now, toFake: ["Date"] });
const tick = () => refreshExpiring(openSystem(openHouse(env), "main"), Date.now());

async function useOf(who: Who, id: string, resource: string): Promise<number> {
  const answer = await ask(who, "GET", `/integrations/${id}/token?resource=${resource}`);
  await answer.body?.cancel();
  return answer.status;
}

/** When each resource's token dies, ms. */
async function endsOf(id: string): Promise<Record<"graph" | "outlook", number>> {
  const tokens = JSON.parse(String((await rowOf(id))["access_tokens"])) as Record<string, { expiresAt: number }>;
  return { graph: tokens["graph"]?.expiresAt ?? 0, outlook: tokens["outlook"]?.expiresAt ?? 0 };
}

/** A grant whose calendar is in use, and whose mail nobody has asked for since yesterday. */
async function withDeadMail(): Promise<{ who: Who; id: string }> {
  const who = somebody({ scope: "tokens:read" });
  const id = await connectWith(who, { provider: "microsoft", features: ["calendar.read", "mail.imap"] });
  for (const resource of ["graph", "outlook"]) expect(await useOf(who, id, resource)).toBe(200);
  setTime(Date.now() + DAY_MS);
  expect(await useOf(who, id, "graph")).toBe(200);
  await sleep(who.sub);
  return { who, id };
}

test("a token that is long dead keeps no other of its grant from being renewed, and is not renewed with it", async () => {
  const { who, id } = await withDeadMail();
  const before = await endsOf(id);
  setTime(before.graph - 15 * MINUTE_MS);
  expect(await tick()).toEqual({ due: 1, planned: 1 });
  await forgetHeard();
  setTime(Date.now() + 10 * MINUTE_MS);
  await runDurableObjectAlarm(keeperOf(who.sub));
  const asked = await heard("login.microsoftonline.com", TOKEN_PATH);
  expect(asked.map(({ form }) => form?.["scope"]?.split(" ")[0])).toEqual([
    "https://graph.microsoft.com/Calendars.Read",
  ]);
  const after = await endsOf(id);
  expect([after.graph > before.graph, after.outlook]).toEqual([true, before.outlook]);
});

test("when all of them are dead, the schedule does not wake the grant", async () => {
  const { id } = await withDeadMail();
  const { graph } = await endsOf(id);
  setTime(graph + MINUTE_MS);
  expect(await tick()).toEqual({ due: 0, planned: 0 });
});
