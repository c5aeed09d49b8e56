/** The Worker and its keepers as they would be with other variables, or another D1, over the same storage. */
import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";
import { UserKeeper } from "../../src/index.ts";
import { callerToken, ORIGIN, type TokenClaims } from "../support.ts";

type Method = (...given: unknown[]) => unknown;

/** What a test does in another world. */
export interface OtherWorld {
  readonly env: Env;
  /** Sends a request as the caller. */
  send(claims: TokenClaims, method: string, path: string, body?: unknown): Promise<Response>;
  /** Calls one of the owner's keeper's methods, `alarm` included. */
  keeper(owner: string, method: keyof UserKeeper, ...given: unknown[]): Promise<unknown>;
}

/** Opens one. A keeper of it lives as long as the test; the ordinary one of the same owner should sleep meanwhile. */
export function otherWorld(changes: Readonly<Record<string, unknown>>): OtherWorld {
  const lives = new Map<string, UserKeeper>();
  const run = (id: DurableObjectId, method: string, given: readonly unknown[]) =>
    runInDurableObject(env.USER_KEEPER.get(id), (_, state) => {
      // The platform would ring the ordinary keeper: alarms of this one are rung by the test.
      Object.defineProperty(state.storage, "setAlarm", { value: () => Promise.resolve(), configurable: true });
      const life = lives.get(id.toString()) ?? new UserKeeper(state, other);
      lives.set(id.toString(), life);
      return Reflect.apply(Reflect.get(life, method) as Method, life, given) as Promise<unknown>;
    });
  const namespace = {
    idFromName: (name: string) => env.USER_KEEPER.idFromName(name),
    get: (id: DurableObjectId) =>
      new Proxy(
        {},
        {
          get:
            (_, method) =>
            (...given: unknown[]) =>
              run(id, String(method), given),
        },
      ),
  };
  const other = { ...env, ...changes, USER_KEEPER: namespace } as unknown as Env;
  const app = createApp();
  return {
    env: other,
    async send(claims, method, path, body) {
      const headers = new Headers({ Authorization: `Bearer ${await callerToken(claims)}` });
      if (body !== undefined) headers.set("Content-Type", "application/json");
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      return app.fetch(new Request(new URL(path, ORIGIN), init), other, createExecutionContext());
    },
    keeper: (owner, method, ...given) => run(env.USER_KEEPER.idFromName(`main:${owner}`), method, given),
  };
}

/** A D1 of which `fails` says, by its SQL, what never runs. */
export function failingD1(fails: (sql: string) => boolean): D1Database {
  const texts = new WeakMap<object, string>();
  const down = () => Promise.reject(new Error("D1_ERROR: network connection lost"));
  const wrap = (real: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const wrapped = new Proxy(real, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values), sql);
        const method = Reflect.get(target, name) as Method;
        if (["run", "all", "raw", "first"].includes(String(name)) && fails(sql)) return down;
        return method.bind(target);
      },
    });
    texts.set(wrapped, sql);
    reals.set(wrapped, real);
    return wrapped;
  };
  const reals = new WeakMap<object, D1PreparedStatement>();
  return new Proxy(env.DB, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => wrap(target.prepare(sql), sql);
      if (name === "batch")
        return (all: D1PreparedStatement[]) =>
          all.some((one) => fails(texts.get(one) ?? ""))
            ? down()
            : target.batch(all.map((one) => reals.get(one) ?? one));
      return (Reflect.get(target, name) as Method).bind(target);
    },
  });
}
