/** What a request carries through the middleware. */
import type { Context } from "hono";
import type { Caller } from "../lib/caller.ts";
import type { LogFields, Logger } from "../lib/log.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { LimitVerdict } from "../lib/rate-limit.ts";
import type { NeededFeature } from "./features.ts";
import type { Premises, System } from "./premises.ts";

/** Hono's types for every route here. */
export interface Hosted {
  Bindings: Env;
  Variables: {
    readonly requestId: string;
    readonly log: Logger;
    readonly premises: Premises;
    readonly system: System;
    readonly caller: Caller;
    readonly verdict: LimitVerdict | undefined;
    /** Set where the caller's keeper could not be asked. */
    readonly keeperLost: true | undefined;
    /** What the route is about to do, and of which providers the keeper was asked to check it. */
    readonly needs: readonly NeededFeature[] | undefined;
    readonly gated: readonly ProviderId[] | undefined;
  };
}

/** A request's context. */
export type HostedContext = Context<Hosted>;

/** From now on every line about this request carries `fields`, so that its lines and those of the keeper can be joined. */
export function bindLog(c: HostedContext, fields: LogFields): void {
  c.set("log", c.get("log").with(fields));
}
