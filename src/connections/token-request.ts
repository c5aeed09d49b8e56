/**
 * The one place that posts to token endpoints (RFC 6749 sections 4.1.3 and 6). It tries a second client secret when
 * the first is refused, so that a secret can be replaced without an outage, and says what a refusal means.
 */
import type { Clock } from "../lib/clock.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { Answer, Outbound, Sender } from "../lib/http.ts";
import { parseJson } from "../lib/json.ts";
import type { Logger } from "../lib/log.ts";
import type { Credential, Endpoints, Provider } from "../providers/provider.ts";
import type { OAuthRefusal, Verdict } from "../providers/verdict.ts";
import { proveClient } from "./client-authentication.ts";
import { endpointsOf } from "./metadata.ts";
import { isRefusal, readRefusal, readTokens, type TokenAnswer } from "./token-answer.ts";

/** Parameters of a grant, without the client's authentication. */
export type GrantParameters =
  | {
      readonly grant_type: "authorization_code";
      readonly code: string;
      readonly redirect_uri: string;
      readonly code_verifier?: string;
      readonly scope?: string;
    }
  | { readonly grant_type: "refresh_token"; readonly refresh_token: string; readonly scope?: string }
  // RFC 6749 section 4.4: the application's own token.
  | { readonly grant_type: "client_credentials"; readonly scope: string };

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
  const { credentials } = ports.provider.client;
  let outcome: TokenOutcome | undefined;
  let silence = false;
  for (const credential of credentials) {
    outcome = await post({ ...ports, timeoutMs: until - ports.clock.now() }, grant, credential);
    // A try with an earlier credential counts as well: it may have spent the grant unheard.
    if (outcome.kind === "refused") outcome = { ...outcome, afterSilence: (silence ||= outcome.afterSilence) };
    if (outcome.kind !== "refused" || outcome.verdict.kind !== "secret_refused") return outcome;
    // Even where the next one works: the operator should hear of it before that one is the last.
    ports.log.warn("client credential refused", {
      provider: ports.provider.id,
      method: credential.method,
      position: credentials.indexOf(credential) + 1,
      of: credentials.length,
      provider_code: outcome.verdict.providerCode,
    });
  }
  return outcome ?? { kind: "unknown", failure: failure("provider_misconfigured", "No client credential is set.") };
}

async function post(ports: TokenPorts, grant: GrantParameters, credential: Credential): Promise<TokenOutcome> {
  const { sender, provider, timeoutMs } = ports;
  try {
    const endpoints = await endpointsOf({ provider, sender, now: ports.clock.now() });
    const { requestIdHeader } = provider.tokenRequest;
    const answer = await sender.send({
      url: endpoints.token,
      method: "POST",
      ...(await requestBody(ports, { grant, credential, endpoints })),
      label: `${provider.id} token ${grant.grant_type}`,
      ...(requestIdHeader === undefined ? {} : { requestIdHeader }),
      timeoutMs,
      // Nothing came back at all: most often the connection failed. The same grant may be shown once more.
      repeat: "when-unanswered",
      budgetMs: timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
    return read(provider, answer);
  } catch (error) {
    if (error instanceof Failure) return { kind: "unknown", failure: error };
    throw error;
  }
}

/** Tokens have a few kB, whoever makes them. */
const MAX_ANSWER_BYTES = 1024 * 1024;

interface Posted {
  readonly grant: GrantParameters | { readonly token: string; readonly token_type_hint?: string };
  readonly credential: Credential;
  readonly endpoints: Endpoints;
}

/** The headers and the body of a request of this client, in the form that the provider reads. */
export async function requestBody(
  { provider, clock }: Pick<TokenPorts, "provider" | "clock">,
  posted: Posted,
): Promise<{ readonly headers: Record<string, string>; readonly body: NonNullable<Outbound["body"]> }> {
  const write = () => written(provider, posted, clock.now());
  const first = await write();
  if (posted.credential.method !== "private_key_jwt") return first;
  // An assertion is taken once (RFC 7523 section 3): shown again, it would pass for a refused client.
  let unused: Written | undefined = first;
  const body = async () => {
    const next = unused ?? (await write());
    unused = undefined;
    return next.body;
  };
  return { headers: first.headers, body };
}

interface Written {
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function written(provider: Provider, { grant, credential, endpoints }: Posted, now: number): Promise<Written> {
  const { headers, parameters } = await proveClient(provider, credential, { endpoints, now });
  const members = { ...grant, ...parameters };
  const json = provider.tokenRequest.body === "json";
  return {
    headers: {
      "Content-Type": json ? "application/json" : "application/x-www-form-urlencoded",
      Accept: "application/json",
      ...headers,
    },
    body: json ? JSON.stringify(members) : new URLSearchParams(members).toString(),
  };
}

function read(provider: Provider, answer: Answer): TokenOutcome {
  const body = parseJson(answer.text);
  if (answer.status >= 200 && answer.status < 300) {
    const tokens = readTokens(body);
    if (tokens) return { kind: "granted", tokens };
    if (!isRefusal(body))
      return {
        kind: "unknown",
        failure: failure("provider_error", "The provider's token answer is not valid.", { reason: "no access_token" }),
      };
  }
  const refusal = readRefusal(body, answer.status);
  const verdict = provider.classify(refusal);
  // A gateway's 5xx does not prove that the work was not done behind it.
  if (answer.status >= 500) return { kind: "unknown", failure: unavailable(verdict, answer) };
  return { kind: "refused", verdict, refusal, retryAfterS: answer.retryAfterS, afterSilence: answer.tries > 1 };
}

function unavailable(verdict: Verdict, { status, retryAfterS, headers }: Answer): Failure {
  const requestId = headers.get("x-ms-request-id") ?? headers.get("x-request-id");
  return failure("provider_unavailable", "The provider is unavailable.", {
    retryAfterS: retryAfterS ?? 5,
    reason: `token endpoint answered ${status}`,
    extra: {
      ...(verdict.providerCode ? { provider_code: verdict.providerCode } : {}),
      ...(requestId === null ? {} : { provider_request_id: requestId }),
    },
  });
}
