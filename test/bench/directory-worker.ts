/**
 * The built Worker with a directory that counts: rows that its SQLite reads and writes, by statement, and how long an
 * answer to a question takes inside the object.
 */
import worker, { TenantDirectory as BuiltTenantDirectory } from "latchkey/built";
import { type Counted, countStatements, takeCounted } from "./directory-count.ts";

export { AddressKeeper, UserKeeper } from "latchkey/built";

interface Env {
  readonly TENANT_DIRECTORY: { getByName(name: string): TenantDirectory };
}

interface Context {
  readonly storage: { readonly sql: object };
}

/** What the bench asks of a directory. */
export interface DirectoryReport extends Counted {
  /** How long each question took since this was last asked, ms. */
  readonly answersMs: readonly number[];
}

/** The directory as built. */
export class TenantDirectory extends BuiltTenantDirectory {
  #answersMs: number[] = [];

  constructor(ctx: Context, env: object) {
    countStatements(ctx.storage);
    super(ctx, env);
  }

  /** As built, timed. */
  override async read(question: unknown): Promise<unknown> {
    const started = performance.now();
    const answer = await super.read(question);
    this.#answersMs.push(performance.now() - started);
    return answer;
  }

  /** What was counted since this was last asked. */
  async report(): Promise<DirectoryReport> {
    const answersMs = this.#answersMs;
    this.#answersMs = [];
    return { ...takeCounted(), answersMs };
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: object): Promise<Response> {
    const org = new URL(request.url).searchParams.get("bench_report");
    return org === null
      ? worker.fetch(request, env, ctx)
      : Response.json(await env.TENANT_DIRECTORY.getByName(org).report());
  },
};
