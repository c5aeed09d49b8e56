/** What a token endpoint answers: tokens (RFC 6749 section 5.1), or a refusal in any of the forms that are met. No I/O. */
import * as z from "zod";
import type { OAuthRefusal } from "../providers/verdict.ts";

/** What is odd counts as absent: an answer with an access token in it must not be thrown away for what stands beside it. */
const lenient = <T extends z.ZodType>(schema: T) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);

/** Ten years: a time beyond what a date can hold would break every answer that shows it. */
const MOST_SECONDS = 315_360_000;
const seconds = lenient(
  z.coerce
    .number()
    .positive()
    .transform((value) => Math.min(value, MOST_SECONDS)),
);

const TokenAnswer = z
  .object({
    access_token: z.string().min(1),
    token_type: z.string().min(1).catch("Bearer"),
    // Entra's older endpoint and some providers write it as a string.
    expires_in: seconds,
    refresh_token: lenient(z.string().min(1)),
    // Google's name, and Keycloak's.
    refresh_token_expires_in: seconds,
    refresh_expires_in: seconds,
    // RFC 6749 section 3.3 has a text; some write a list.
    scope: lenient(z.union([z.string().min(1), z.array(z.string()).transform((list) => list.join(" "))])),
    id_token: lenient(z.string().min(1)),
  })
  .transform(({ refresh_expires_in, refresh_token_expires_in, ...rest }) => ({
    ...rest,
    refresh_token_expires_in: refresh_token_expires_in ?? refresh_expires_in,
  }));

/** A successful answer. Times in s. `raw`: everything that it said, for providers that say there whose account it is. */
export type TokenAnswer = z.infer<typeof TokenAnswer> & { readonly raw: Readonly<Record<string, unknown>> };

const Raw = z.record(z.string(), z.unknown());

/** The tokens in a body; undefined where there are none. */
export function readTokens(body: unknown): TokenAnswer | undefined {
  const tokens = TokenAnswer.safeParse(body);
  return tokens.success ? { ...tokens.data, raw: Raw.parse(body) } : undefined;
}

const text = lenient(z.string());
/** It is stored, logged and told: a name, whatever a provider makes of it. */
const name = z.string().transform((value) => value.slice(0, MOST_NAME));
const MOST_NAME = 128;

/** RFC 6749 section 5.2, with what Entra and Google add. */
const OAuthAnswer = z.object({
  error: name,
  error_description: text,
  suberror: text,
  error_subtype: text,
  error_codes: lenient(z.array(z.number())),
  claims: text,
  trace_id: text,
  request_id: text,
});

/** The error of an API whose token endpoint answers like the rest of it, as Notion's may. */
const Envelope = z.object({
  object: z.literal("error").optional(),
  code: name,
  message: text,
  request_id: text,
});

/** The refusal in a body; one without words where there is none. `status`: of the answer. */
export function readRefusal(body: unknown, status: number): OAuthRefusal {
  return { ...(ofOAuth(body) ?? ofEnvelope(body) ?? { error: "", description: "" }), status };
}

/** True where a body is a refusal although its status may say that all is well, as GitHub's does. */
export function isRefusal(body: unknown): boolean {
  return OAuthAnswer.safeParse(body).success;
}

function ofOAuth(body: unknown): OAuthRefusal | undefined {
  const { data } = OAuthAnswer.safeParse(body);
  if (!data) return undefined;
  const suberror = data.suberror ?? data.error_subtype;
  const requestId = data.trace_id ?? data.request_id;
  return {
    error: data.error,
    description: data.error_description ?? "",
    ...(suberror === undefined ? {} : { suberror }),
    ...(data.error_codes === undefined ? {} : { codes: data.error_codes }),
    ...(data.claims === undefined ? {} : { claims: data.claims }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

function ofEnvelope(body: unknown): OAuthRefusal | undefined {
  const { data } = Envelope.safeParse(body);
  if (!data) return undefined;
  const { code, message = "", request_id: requestId } = data;
  // Notion calls a refused client `unauthorized`.
  const error = code === "unauthorized" ? "invalid_client" : code;
  return { error, description: message, ...(requestId === undefined ? {} : { requestId }) };
}
