import type { Client } from "./clients.ts";
import { missingParameter } from "./errors.ts";
import type { Audience } from "./tenants.ts";

/** A token request of an application that has proved itself. */
export interface TokenRequest {
  origin: string;
  audience: Audience;
  client: Client;
  form: URLSearchParams;
}

/** What a grant answers with, before settings change it. */
export type TokenAnswer = Record<string, unknown>;

/** A form field that must be there. */
export function requiredField(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === "") throw missingParameter(name);
  return value;
}
