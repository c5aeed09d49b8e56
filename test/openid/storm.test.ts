import { afterAll, beforeAll, expect, test } from "vitest";
import { CLIENTS, entryOf } from "./clients.ts";
import { Caller } from "./driver.ts";
import { type RunningProvider, startProvider } from "./provider.ts";
import { PUBLIC_URL, type RunningWorker, startWorker } from "./worker.ts";

const CALLERS = 200;
const ROUNDS = 20;
const HOUR_MS = 3_600_000;

let provider: RunningProvider;
let worker: RunningWorker;

beforeAll(async () => {
  provider = await startProvider([`${PUBLIC_URL}/api/v1/oauth/callback/{id}`]);
  const entries = CLIENTS.map((client) => entryOf(client, provider.issuer));
  worker = await startWorker({
    variables: { ENVIRONMENT: "development", CUSTOM_PROVIDERS: JSON.stringify(entries) },
  });
});

afterAll(async () => {
  await worker.stop();
  await provider.stop();
});

test("the provider ends a grant whose refresh token is shown twice", async () => {
  const ana = new Caller(worker, "replay");
  const { id } = await ana.connect("basic");
  const before = provider.seen();
  // The first try is carried out and its answer lost: the second shows a token that is dead.
  provider.drops.push("after");
  await ana.send("POST", `/integrations/${id}/refresh`);
  expect(provider.seen()).toEqual({ refreshes: before.refreshes + 1, refusals: 1, revoked: 1 });
});

test("tokens that live for seconds are renewed at half their life, not at every use", async () => {
  const ana = new Caller(worker, "seconds");
  provider.accessTokenS = 60;
  const { id } = await ana.connect("basic");
  const before = provider.seen();
  const first = await ana.token(id);
  expect(await ana.token(id, "?min_ttl=3600")).toBe(first);
  await worker.pass(31_000);
  const second = await ana.token(id);
  expect(second).not.toBe(first);
  expect(await ana.token(id)).toBe(second);
  expect(provider.seen()).toEqual({ ...before, refreshes: before.refreshes + 1 });
  provider.accessTokenS = 3600;
});

// The last one: a Worker whose clock is a day ahead takes nobody's id_token any more.
test(`${CALLERS} callers at expiry cause one refresh, ${ROUNDS} times over, and the grant lives on`, async () => {
  const ana = new Caller(worker, "storm");
  const { id } = await ana.connect("basic");
  const served = new Set([await ana.token(id)]);
  const before = provider.seen();
  // Long enough for all of them to arrive while it is out.
  provider.tokenDelayMs = 100;
  for (let round = 1; round <= ROUNDS; round += 1) {
    await worker.pass(HOUR_MS);
    const tokens = await Promise.all(Array.from({ length: CALLERS }, () => ana.token(id)));
    // All got the same token, one that nobody had before, and the provider was asked once.
    expect(new Set(tokens).size).toBe(1);
    served.add(tokens[0] ?? "");
    expect(served.size).toBe(round + 1);
    expect(provider.seen()).toEqual({ ...before, refreshes: before.refreshes + round });
  }
  expect(await provider.userinfo([...served].at(-1) ?? "")).toMatchObject({ sub: "ana" });
  expect(await ana.send("GET", `/integrations/${id}`)).toMatchObject({ status: 200, body: { status: "active" } });
});
