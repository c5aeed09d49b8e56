/** Reading what a provider says of an account. */
import type { Claims, Identity } from "./provider.ts";

/** The value where it is some text, else null. */
export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The value where it is an object, else one without members. */
export function object(value: unknown): Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Claims) : {};
}

/** The first element where the value is a list. */
export function first(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[])[0] : undefined;
}

/** A userinfo answer (OpenID Connect Core section 5.3.2). */
export function readUserinfo({ sub, name, email, picture, hd }: Claims): Partial<Identity> {
  return {
    ...(typeof sub === "string" && sub !== "" ? { account: sub } : {}),
    name: text(name),
    address: text(email),
    picture: text(picture),
    tenant: text(hd),
  };
}
