/** `SCOPE_POLICY`: which role may ask for what, as JSON. No I/O. */
import * as z from "zod";
import { text } from "./config-values.ts";
import { parseJson } from "./json.ts";
import { ROLES } from "./roles.ts";

/** role → provider (or `*`) → scopes and features, `*` for all. A row replaces the built-in one of that role and provider. */
export type ScopePolicy = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const policy = z
  .record(z.string().min(1), z.record(z.string().min(1), z.array(z.string().min(1))))
  // A row for "users" would forbid nobody anything.
  .refine((given) => Object.keys(given).every((role) => KNOWN.has(role)));
const KNOWN: ReadonlySet<string> = new Set(ROLES);

/** See {@link ScopePolicy}. */
export const scopePolicy = text.transform((value, context): ScopePolicy => {
  const parsed = policy.safeParse(parseJson(value));
  if (parsed.success) return parsed.data;
  context.addIssue(
    `expected JSON such as {"user":{"google":["calendar.read"]}}: role, provider, scopes or features; roles: ${ROLES.join(", ")}`,
  );
  return z.NEVER;
});
