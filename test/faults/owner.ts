/** What an owner does: uses the connection, connects, disconnects. What they are told goes into the ledger. */
import { disconnect } from "../../src/connections/disconnect.ts";
import { finish } from "../../src/connections/finish.ts";
import { loadRows } from "../../src/connections/rows.ts";
import { start } from "../../src/connections/start.ts";
import { use } from "../../src/connections/use.ts";
import { Failure } from "../../src/lib/errors.ts";
import { createLedger } from "./ledger.ts";
import type { World } from "./world.ts";

/** One owner in one world. */
export class OwnerOf {
  readonly broken: string[] = [];
  readonly ledger;
  /** The ticket last served, by resource. */
  readonly #tickets = new Map<string, string>();
  /** The provider's tokens as they stood when everything was disconnected. */
  #forgotten: ReadonlySet<string> = new Set();

  constructor(readonly world: World) {
    this.ledger = createLedger(() => world.clock.now());
  }

  /** Uses a resource; `rejectLast` hands back the token that was served before. What the API refuses is handed back once, as an application would. */
  async use(name: "graph" | "outlook", rejectLast: boolean): Promise<void> {
    const resource = this.world.standIn.resource(name);
    const served = await this.#useOnce(resource, rejectLast);
    if (served !== undefined && !(await this.world.accepts(served))) await this.#useOnce(resource, true);
  }

  async #useOnce(resource: string, rejectLast: boolean): Promise<string | undefined> {
    const { world } = this;
    const { provider } = world.standIn;
    const rejected = rejectLast ? this.#tickets.get(resource) : undefined;
    const forgotten = this.#forgotten;
    let served: string | undefined;
    await this.#told(async () => {
      const grant = await use(world.vault, { provider, resource, ...(rejected ? { rejected } : {}) });
      this.#tickets.set(resource, grant.ticket);
      if (!world.issued.has(grant.accessToken))
        this.broken.push("a token was served that the provider never gave this owner");
      if (forgotten.has(grant.accessToken))
        this.broken.push("a token was served that was forgotten before it was asked for");
      if ((grant.expiresAt ?? Infinity) <= world.clock.now()) this.broken.push("a dead token was served");
      served = grant.accessToken;
    });
    return served;
  }

  /** Signs in at the provider and comes back. */
  async connect(): Promise<void> {
    const span = this.ledger.connecting();
    await this.#told(async () => {
      this.ledger.close(span, await this.#signIn());
    });
    if (span.end === Infinity) this.ledger.close(span, false);
  }

  async #signIn(): Promise<boolean> {
    const { vault, person } = this.world;
    const { provider, redirectUri } = this.world.standIn;
    const started = await start(vault, {
      provider,
      redirectUri,
      returnTo: undefined,
      hints: {},
      browser: undefined,
      roles: ["user"],
      actor: "test",
    });
    const answer = await this.world.browse(`${started.authorizationUrl}&auto=${person}`);
    const code = new URL(answer.headers.get("Location") ?? "").searchParams.get("code") ?? "";
    const finished = await finish(vault, {
      flow: started.flow,
      redirectUri,
      browser: undefined,
      answer: { code },
      requestId: "test",
    });
    return "connection" in finished;
  }

  /** Disconnects what is connected. */
  async disconnect(): Promise<void> {
    const span = this.ledger.disconnecting();
    const { vault } = this.world;
    await this.#told(async () => {
      const row = [...(await loadRows(vault)).values()].find(({ status }) => status !== "revoked");
      if (!row) return;
      await disconnect(vault, { id: row.id, actor: "test" });
      this.ledger.close(span, true);
      if (this.ledger.isAlone(span)) this.#forgotten = new Set(this.world.issued);
    });
    if (span.end === Infinity) this.ledger.close(span, false);
  }

  /** Callers are told by a Failure what is wrong; only a life that ended may break off otherwise. */
  async #told(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (error instanceof Failure || String(error).includes("has been shut down")) return;
      this.broken.push(
        `a caller saw a defect: ${error instanceof Error ? `${error.message} ${error.stack}` : String(error)}`,
      );
    }
  }
}
