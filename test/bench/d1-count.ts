/** Counts what is asked of D1. */

/** The part of D1 through which every statement goes. */
export interface Database {
  prepare(sql: string): unknown;
}

/** Every statement since somebody last emptied it. */
export const statements: string[] = [];

const counted = new WeakMap<object, object>();

/** The same environment, its D1 counting. One per environment: the Worker knows an environment by its identity. */
export function withCount<Env extends { readonly DB: Database }>(env: Env): Env {
  const known = counted.get(env);
  // What stands under an environment was made from it, below.
  if (known) return known as Env;
  const made = { ...env, DB: counting(env.DB) };
  counted.set(env, made);
  return made;
}

function counting(real: Database): Database {
  return new Proxy(real, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (name !== "prepare") return typeof own === "function" ? (own.bind(target) as unknown) : own;
      return (sql: string) => {
        statements.push(sql);
        return target.prepare(sql);
      };
    },
  });
}
