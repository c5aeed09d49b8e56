/** The application permissions that a token names, and which of those that a resource needs are not among them. No I/O. */
import { decodeJwt } from "jose";
import * as z from "zod";
import { type Resource, RESOURCES } from "../resources.ts";

const Payload = z.object({ roles: z.array(z.string()).optional() });

/**
 * The roles of a token, for diagnosis alone: a token is opaque to whom it is not for, and nothing may depend on it.
 * Undefined where it cannot be read; empty where it names none.
 */
export function rolesIn(accessToken: string): readonly string[] | undefined {
  try {
    const payload = Payload.safeParse(decodeJwt(accessToken));
    return payload.success ? (payload.data.roles ?? []) : undefined;
  } catch {
    return undefined;
  }
}

/** The least permissions of a resource that no role covers. */
export function missingPermissions({ permissions, wider }: Resource, roles: readonly string[]): string[] {
  if (wider.some((one) => roles.includes(one))) return [];
  return permissions.filter((one) => ![one, ...(WIDER.get(one) ?? [])].some((role) => roles.includes(role)));
}

/** What does instead of a permission, also where it is one of several that are needed. */
const WIDER: ReadonlyMap<string, readonly string[]> = new Map([
  ["Directory.Read.All", ["Directory.ReadWrite.All"]],
  ...Object.values(RESOURCES).flatMap(({ permissions, wider }: Resource): [string, readonly string[]][] =>
    permissions.length === 1 && permissions[0] !== undefined ? [[permissions[0], wider]] : [],
  ),
]);
