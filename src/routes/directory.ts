/** Calls of the directory of the caller's organisation. */
import { failure } from "../lib/errors.ts";
import type { HostedContext } from "./context.ts";
import { askObject } from "./keeper.ts";

/** The organisation that the caller's token names. Failure: `forbidden` where it names none. */
export function orgOf(c: HostedContext): string {
  const { org } = c.get("caller");
  if (org !== undefined) return org;
  throw failure(
    "forbidden",
    "The caller's token needs the claim org: a tenant's directory belongs to an organisation.",
  );
}

/** The directory of the caller's organisation; a fresh stub each time, because one that has failed stays broken. Failure: `forbidden` where the token names no organisation. */
export function directoryOf(c: HostedContext): ReturnType<Env["TENANT_DIRECTORY"]["get"]> {
  const { TENANT_DIRECTORY } = c.env;
  return TENANT_DIRECTORY.get(TENANT_DIRECTORY.idFromName(orgOf(c)));
}

/** Asks that directory, and asks once more where its object went away meanwhile: `ask` must bear being done twice. */
export function askDirectory<T>(
  c: HostedContext,
  ask: (directory: ReturnType<typeof directoryOf>) => Promise<T>,
): Promise<T> {
  return askObject(() => ask(directoryOf(c)));
}
