import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { callerToken, connect, listen, ORIGIN, signIn, workerWith } from "../support.ts";
import { begin } from "./flow.ts";
import { problemOf } from "./security.ts";

const START = "/api/v1/auth/microsoft/";
const PROFILE = "/api/v1/auth/microsoft/user";
const LIMITED = "/api/v1/calendar/microsoft/events?limit=none";
const CALLBACK = "/api/v1/auth/microsoft/callback?state=x";

beforeEach(() => {
  listen();
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Namespace = "USER_KEEPER" | "ADDRESS_KEEPER";
type Act = (...given: unknown[]) => Promise<unknown>;

/** The objects of a namespace, whose first calls fail with `troubles`. A stub that has failed fails for ever. */
function shaky(namespace: Namespace, troubles: readonly Record<string, boolean>[]) {
  const left = [...troubles];
  const asked: string[] = [];
  const get = (id: DurableObjectId) => {
    const real = env[namespace].get(id) as unknown as Record<string, Act>;
    let broken: Error | undefined;
    const act = (name: string) => async (given: unknown) => {
      asked.push(name);
      const trouble = left.shift();
      if (trouble) broken = Object.assign(new Error("Durable Object trouble"), trouble);
      if (broken) throw broken;
      return real[name]?.(given);
    };
    return { use: act("use"), start: act("start"), limit: act("limit"), finish: act("finish") };
  };
  const idFromName = (name: string) => env[namespace].idFromName(name);
  return { asked, worker: workerWith({ [namespace]: { idFromName, get } }) };
}

async function ask(worker: (request: Request) => Promise<Response>, sub: string, path: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${await callerToken({ sub })}` };
  return worker(new Request(new URL(path, ORIGIN), { headers }));
}

test.each([
  [START, "start", 200],
  [PROFILE, "use", 200],
  [LIMITED, "limit", 422],
])("%s survives a keeper that is shut down while it is asked", async (path, name, status) => {
  for (const trouble of [{ retryable: true }, { durableObjectReset: true }]) {
    const sub = `reset-${name}`;
    await connect({ sub });
    const { worker, asked } = shaky("USER_KEEPER", [trouble]);
    const answer = await ask(worker, sub, path);
    expect([answer.status, asked]).toEqual([status, [name, name]]);
    expect(answer.headers.get("RateLimit")).not.toBeNull();
  }
});

test("a callback's limit survives a reset too", async () => {
  const { worker, asked } = shaky("ADDRESS_KEEPER", [{ durableObjectReset: true }]);
  const headers = { "CF-Connecting-IP": "192.0.2.77" };
  const answer = await worker(new Request(ORIGIN + CALLBACK, { headers }));
  expect(await problemOf(answer)).toMatchObject({ code: "state_invalid" });
  expect(asked).toEqual(["limit", "limit"]);
});

test("a keeper is asked twice at most, and never again after an error of its own", async () => {
  const reset = { retryable: true, durableObjectReset: true };
  for (const [troubles, times] of [
    [[reset, reset, reset], 2],
    [[{}, {}], 1],
  ] as const) {
    const { worker, asked } = shaky("USER_KEEPER", troubles);
    const answer = await ask(worker, "reset-twice", START);
    expect(await problemOf(answer)).toMatchObject({ status: 500, code: "internal" });
    expect(asked).toHaveLength(times);
  }
});

test.each([START, PROFILE, LIMITED])("%s asks an overloaded keeper once, and says when to come back", async (path) => {
  const { worker, asked } = shaky("USER_KEEPER", [{ overloaded: true, retryable: true }]);
  const answer = await ask(worker, "overloaded", path);
  expect(answer.headers.get("Retry-After")).toBe("5");
  expect(await problemOf(answer)).toMatchObject({ status: 500, code: "internal" });
  expect(asked).toHaveLength(1);
});

test("the end of a sign-in is never sent twice: its state is used up by the first", async () => {
  const { authorization_url: url } = await begin({ sub: "reset-finish" });
  const callback = await signIn(url, "ana");
  const { worker, asked } = shaky("USER_KEEPER", [{ retryable: true, durableObjectReset: true }]);
  expect(await problemOf(await worker(new Request(callback)))).toMatchObject({ status: 500, code: "internal" });
  expect(asked).toEqual(["finish"]);
});
