/** What the bench's Workers import and Node's types do not know. esbuild resolves the names (build.ts). */
declare module "cloudflare:workers" {
  /** The base class of every Durable Object. */
  export class DurableObject {
    protected readonly env: unknown;
    constructor(ctx: unknown, env: unknown);
  }
}

/** The built Worker, as `wrangler deploy` would send it. */
declare module "latchkey/built" {
  interface BuiltWorker {
    fetch(request: Request, env: unknown, ctx: unknown): Promise<Response>;
  }
  const worker: BuiltWorker;
  export default worker;
  export { DurableObject as AddressKeeper, DurableObject as UserKeeper } from "cloudflare:workers";
  export class TenantDirectory {
    constructor(ctx: unknown, env: unknown);
    read(question: unknown): Promise<unknown>;
  }
}

/** The part of better-sqlite3 that the plain loop uses: its package brings no types. */
declare module "better-sqlite3" {
  type Bound = string | number | null;
  interface Statement {
    run(...values: readonly Bound[]): unknown;
    get(): Record<string, unknown> | undefined;
  }
  class Database {
    constructor(file: string);
    pragma(source: string, options?: { readonly simple: true }): unknown;
    exec(source: string): unknown;
    prepare(source: string): Statement;
    transaction(act: () => void): () => void;
    close(): void;
  }
  export default Database;
}

/** src/app.ts */
declare module "latchkey/app" {
  export function createApp(): import("hono").Hono;
}

/** src/routes/guards.ts, as far as a route that only uses a token needs it. */
declare module "latchkey/guards" {
  import type { MiddlewareHandler } from "hono";

  export function limited(
    access: "own_connections",
    bucket: "profile",
  ): readonly [MiddlewareHandler, MiddlewareHandler, MiddlewareHandler];
}

/** src/routes/keeper.ts, as far as such a route needs it. */
declare module "latchkey/keeper" {
  import type { Context } from "hono";

  interface Answer {
    readonly limit?: unknown;
    readonly result?: unknown;
  }
  interface Keeper {
    use(input: object): Promise<Answer>;
  }
  export function askKeeper(c: Context, ask: (keeper: Keeper) => Promise<Answer>): Promise<Answer>;
  export function spend(c: Context, answer: Answer): { readonly ticket: string; readonly expiresAt: number | null };
}

/** src/routes/premises.ts */
declare module "latchkey/premises" {
  export function premisesOf(env: unknown): { readonly systems: { readonly main: object }; readonly log: object };
}

/** The part of an object's storage that src/directory/store/sql.ts names: the bench reads that folder's tables with Node's types. */
interface DurableObjectStorage {
  readonly sql: {
    exec<Row>(statement: string, ...params: readonly unknown[]): { toArray(): Row[] };
    readonly databaseSize: number;
  };
  transactionSync<Result>(act: () => Result): Result;
}
