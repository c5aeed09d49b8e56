/** What the audit trail keeps of a call that was passed on: that there was one, never what it was about. */
import type { AccessGrant } from "../../connections/grant.ts";
import type { AuditEvent } from "../../connections/audit.ts";
import { Failure } from "../../lib/errors.ts";

/** One call, as it ended. */
export interface EndedCall {
  readonly method: string;
  readonly path: string;
  readonly grant: AccessGrant;
  readonly tookMs: number;
  /** The provider's status, or why there is none. */
  readonly ended: { readonly status: number } | { readonly error: unknown };
}

/** Who called. */
export interface Caller {
  readonly actor: string;
  readonly requestId: string;
}

/** The record of a call. `weight`: how many calls it stands for. */
export function recordOf({ method, path, grant, tookMs, ended }: EndedCall, by: Caller, weight: number): AuditEvent {
  const failed = "error" in ended ? { failure: failureIn(ended.error) } : {};
  return {
    action: "proxy",
    // Whatever the provider answered was passed on; its status says the rest.
    outcome: "error" in ended ? "failed" : "ok",
    provider: grant.provider,
    connection: grant.connection,
    ...by,
    ...failed,
    detail: {
      method,
      resource: grant.resource,
      path: outlineOf(path),
      ...("status" in ended ? { status: ended.status } : {}),
    },
    tookMs,
    weight,
  };
}

/** Data, because it crosses RPC. */
function failureIn(error: unknown): NonNullable<AuditEvent["failure"]> {
  return error instanceof Failure ? error.toData() : { code: "internal" };
}

const VERSION = /^(?:v\d{1,3}(?:\.\d{1,3})?|beta)$/;
const NOUN = /^\$?[a-z][a-z_-]{0,39}$/i;

/** `v1.0/me` of `v1.0/me/events/AAMk…`: a noun beside a version is part of the API, and anything else may be somebody's id. */
export function outlineOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  const named = (part: string) => VERSION.test(part) || NOUN.test(part);
  if (!named(first)) return "";
  const both = named(second) && (VERSION.test(first) || VERSION.test(second));
  return both ? `${first}/${second}` : first;
}
