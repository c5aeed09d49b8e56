/**
 * The one place that posts to token endpoints (RFC 6749 sections 4.1.3 and 6). It tries a second client secret when
 * the first is refused, so that a secret can be replaced without an outage, and says what a refusal means.
 */
import * as z from "zod";
import type { Clock } from "../lib/clock.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { Answer, Sender } from "../lib/http.ts";
import { parseJson } from "../lib/json.ts";
import type { Logger } from "../lib/log.ts";
import type { OAuthRefusal, Provider, Verdict } from "../providers/provider.ts";

/** Parameters of a grant, without the client's authentication. */
export type GrantParameters =
  | {
      readonly grant_type: "authorization_code";
      readonly code: string;
      readonly redirect_uri: string;
      readonly code_verifier: string;
      readonly scope: string;
    }
  | { readonly grant_type: "refresh_token"; readonly refresh_token: string; readonly scope: string };

/** What came of a token request. */
export type TokenOutcome =
  | { readonly kind: "granted"; readonly tokens: TokenAnswer }
  /** The provider said no. `afterSilence`: an earlier try went unanswered, and may be why. */
  | {
      readonly kind: "refused";
      readonly verdict: Verdict;
      readonly refusal: OAuthRefusal;
      readonly retryAfterS: number | undefined;
      readonly afterSilence: boolean;
    }
  /** No answer, or one that proves nothing: the provider may have done the work. */
  | { readonly kind: "unknown"; readonly failure: Failure };

/** What is odd counts as absent: an answer with an access token in it must not be thrown away for what stands beside it. */
const lenient = <T extends z.ZodType>(schema: T) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().min(1).catch("Bearer"),
  // Entra's older endpoint and some providers write it as a string.
  expires_in: lenient(z.coerce.number().positive()),
  refresh_token: lenient(z.string().min(1)),
  scope: lenient(z.string().min(1)),
  id_token: lenient(z.string().min(1)),
});

/** A successful answer (RFC 6749 section 5.1). `expires_in` in s. */
export type TokenAnswer = z.infer<typeof TokenAnswer>;

const RefusalAnswer = z.object({
  error: z.string(),
  error_description: z.string().default(""),
  suberror: z.string().optional(),
  error_codes: z.array(z.number()).optional(),
  claims: z.string().optional(),
  trace_id: z.string().optional(),
});

/** What {@link requestTokens} works with. */
export interface TokenPorts {
  readonly sender: Sender;
  readonly provider: Provider;
  readonly clock: Clock;
  readonly log: Logger;
  /** All tries with all secrets end within this time, ms. */
  readonly timeoutMs: number;
}

/** Asks for tokens. Never throws for what the provider does. */
export async function requestTokens(ports: TokenPorts, grant: GrantParameters): Promise<TokenOutcome> {
  const until = ports.clock.now() + ports.timeoutMs;
  const { secrets } = ports.provider.client;
  let outcome: TokenOutcome | undefined;
  for (const secret of secrets) {
    outcome = await post({ ...ports, timeoutMs: until - ports.clock.now() }, grant, secret);
    if (outcome.kind !== "refused" || outcome.verdict.kind !== "secret_refused") return outcome;
    // Even where the next one works: the operator should hear of it before that one is the last.
    ports.log.warn("client secret refused", {
      provider: ports.provider.id,
      position: secrets.indexOf(secret) + 1,
      of: secrets.length,
      provider_code: outcome.verdict.providerCode,
    });
  }
  return outcome ?? { kind: "unknown", failure: failure("provider_misconfigured", "No client secret is set.") };
}

async function post(
  { sender, provider, timeoutMs }: TokenPorts,
  grant: GrantParameters,
  secret: string,
): Promise<TokenOutcome> {
  try {
    const answer = await sender.send({
      url: provider.tokenEndpoint,
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: new URLSearchParams({ ...grant, client_id: provider.client.id, client_secret: secret }).toString(),
      label: `${provider.id} token ${grant.grant_type}`,
      requestIdHeader: "client-request-id",
      timeoutMs,
      // Nothing came back at all: most often the connection failed. The same grant may be shown once more.
      repeat: "when-unanswered",
      budgetMs: timeoutMs,
    });
    return read(provider, answer);
  } catch (error) {
    if (error instanceof Failure) return { kind: "unknown", failure: error };
    throw error;
  }
}

function read(provider: Provider, answer: Answer): TokenOutcome {
  const body = parseJson(answer.text);
  if (answer.status === 200) {
    const tokens = TokenAnswer.safeParse(body);
    if (tokens.success) return { kind: "granted", tokens: tokens.data };
    return {
      kind: "unknown",
      failure: failure("provider_error", "The provider's token answer is not valid.", { reason: String(tokens.error) }),
    };
  }
  const parsed = RefusalAnswer.safeParse(body);
  const refusal: OAuthRefusal = {
    ...(parsed.success ? refusalFrom(parsed.data) : { error: "", description: "" }),
    status: answer.status,
  };
  const verdict = provider.classify(refusal);
  // A gateway's 5xx does not prove that the work was not done behind it.
  if (answer.status >= 500) return { kind: "unknown", failure: unavailable(verdict, answer) };
  return { kind: "refused", verdict, refusal, retryAfterS: answer.retryAfterS, afterSilence: answer.tries > 1 };
}

function unavailable(verdict: Verdict, { status, retryAfterS, headers }: Answer): Failure {
  const requestId = headers.get("x-ms-request-id");
  return failure("provider_unavailable", "The provider is unavailable.", {
    retryAfterS: retryAfterS ?? 5,
    reason: `token endpoint answered ${status}`,
    extra: {
      ...(verdict.providerCode ? { provider_code: verdict.providerCode } : {}),
      ...(requestId === null ? {} : { provider_request_id: requestId }),
    },
  });
}

function refusalFrom(body: z.infer<typeof RefusalAnswer>): OAuthRefusal {
  return {
    error: body.error,
    description: body.error_description,
    ...(body.suberror === undefined ? {} : { suberror: body.suberror }),
    ...(body.error_codes === undefined ? {} : { codes: body.error_codes }),
    ...(body.claims === undefined ? {} : { claims: body.claims }),
    ...(body.trace_id === undefined ? {} : { requestId: body.trace_id }),
  };
}
