/** What a request carries through the middleware. */
import type { Context } from "hono";
import type { Caller } from "../lib/caller.ts";
import type { Logger } from "../lib/log.ts";
import type { LimitVerdict } from "../lib/rate-limit.ts";
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
  };
}

/** A request's context. */
export type HostedContext = Context<Hosted>;
