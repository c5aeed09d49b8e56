import { afterEach, expect, test } from "vitest";
import { ask, connectWith, forgetHeard, plan, resetSandbox, somebody } from "./manager.ts";
import { sandbox } from "../support.ts";

afterEach(resetSandbox);

interface Heard {
  readonly host: string;
  readonly path: string;
  readonly at: string;
  readonly done_at: string;
}

/** When each refresh reached its provider and left it again, ms, in the order of their beginnings. */
async function refreshes(): Promise<{ host: string; began: number; ended: number }[]> {
  const answer = await sandbox("GET", "requests?grant_type=refresh_token");
  const { requests } = await answer.json<{ requests: Heard[] }>();
  const times = requests.map(({ host, at, done_at }) => ({ host, began: Date.parse(at), ended: Date.parse(done_at) }));
  return times.toSorted((left, right) => left.began - right.began);
}

test("while the answer of a provider that replaces refresh tokens is on its way, no other of the owner's is refreshed", async () => {
  const who = somebody();
  for (const person of ["bo", "gus", "ana"]) await connectWith(who, { provider: "notion" }, person);
  await connectWith(who, { provider: "google" }, "gala31");
  await plan({ host: "api.notion.com", path: "/v1/oauth/token", delay_ms: 100, times: 3 });
  await forgetHeard();
  const { results } = await (await ask(who, "POST", "/integrations/sync")).json<{ results: { outcome: string }[] }>();
  expect(results.map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok", "ok"]);
  const notion = (await refreshes()).filter(({ host }) => host === "api.notion.com");
  expect(notion).toHaveLength(3);
  for (const [index, { began }] of notion.entries())
    expect(began).toBeGreaterThanOrEqual(notion[index - 1]?.ended ?? Number.NEGATIVE_INFINITY);
});

test("a provider that takes its time is not waited for, and one whose old refresh token goes on never is", async () => {
  const who = somebody();
  for (const person of ["bo", "gus"]) await connectWith(who, { provider: "notion" }, person);
  await connectWith(who, { provider: "google" }, "gala32");
  await connectWith(who, { provider: "youtube" }, "gala33");
  await plan({ host: "api.notion.com", path: "/v1/oauth/token", delay_ms: 1_600, times: 2 });
  await plan({ host: "oauth2.googleapis.com", path: "/token", delay_ms: 400, times: 2 });
  await forgetHeard();
  await ask(who, "POST", "/integrations/sync");
  const seen = await refreshes();
  for (const one of ["api.notion.com", "oauth2.googleapis.com"]) {
    const [first, second] = seen.filter(({ host }) => host === one);
    expect(second?.began).toBeLessThan(first?.ended ?? 0);
  }
});
