/** What is measured, as one table. Each row asks more of the Worker than those before it. */
import type { Target } from "./world.ts";

/** One thing to measure. */
export interface Case {
  readonly id: string;
  readonly title: string;
  readonly target: Target;
  /** `connection`: of the owner who asks, where all ask for the first. */
  readonly path: (connection: string) => string;
  /** Every connection speaks for an owner of its own, as far as there are any; otherwise all for the first. */
  readonly manyOwners?: boolean;
  /** Measured in one round of {@link RARELY} only: nothing is decided by it. */
  readonly rarely?: boolean;
  /** Requests of one slice at most. */
  readonly maxRequests: number;
}

/** How many connections ask at once. */
export const CONNECTIONS = [1, 8, 64] as const;

/** The row that the others are compared with, and the one that the goal speaks of. */
export const FLOOR = "floor";
export const FRESH = "use";
/** A fresh token used with everything that the application does for each request: ids, log, headers, body limit. */
export const WHOLE = "whole-warn";
export const WHOLE_INFO = "whole-info";
export const GOAL_RATIO = 1.3;

export const RARELY = 4;

const MANY = 100_000;
const FRESH_PATH = "/api/v1/auth/microsoft/bench/fresh";
const USER_PATH = "/api/v1/auth/microsoft/user";

export const CASES: readonly Case[] = [
  {
    id: "bare",
    title: "bare Hono route, JSON",
    rarely: true,
    target: "ladder",
    path: () => "/bare",
    maxRequests: MANY,
  },
  { id: "jwt", title: "+ JWT, HS256", rarely: true, target: "ladder", path: () => "/jwt", maxRequests: MANY },
  {
    id: FLOOR,
    title: "+ one Durable Object call: the floor",
    target: "ladder",
    path: () => "/floor",
    maxRequests: MANY,
  },
  {
    id: FRESH,
    title: "fresh token: caller, limit, keeper",
    target: "warn",
    path: () => "/alone/use",
    maxRequests: MANY,
  },
  {
    id: WHOLE,
    title: "the same in the whole app, log WARN",
    target: "warn",
    path: () => FRESH_PATH,
    maxRequests: MANY,
  },
  {
    id: WHOLE_INFO,
    title: "the same in the whole app, log INFO",
    target: "info",
    path: () => FRESH_PATH,
    maxRequests: MANY,
  },
  {
    id: "user-warn",
    title: "GET …/user, Graph in no time, log WARN",
    rarely: true,
    target: "warn",
    path: () => USER_PATH,
    maxRequests: MANY,
  },
  {
    id: "release",
    title: "GET …/token: released and in the trail",
    rarely: true,
    target: "warn",
    path: (connection) => `/api/v1/oauth/integrations/${connection}/token`,
    maxRequests: MANY,
  },
  {
    id: "proxy",
    title: "GET …/proxy, Graph in no time, a tenth in the trail",
    rarely: true,
    target: "warn",
    path: (connection) => `/api/v1/oauth/integrations/${connection}/proxy/v1.0/me`,
    maxRequests: MANY,
  },
  {
    id: "stale",
    title: "stale token: a refresh each",
    rarely: true,
    target: "warn",
    path: () => FRESH_PATH,
    manyOwners: true,
    maxRequests: 64,
  },
];
