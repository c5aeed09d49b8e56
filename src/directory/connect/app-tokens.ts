/** The application's own tokens for Graph (RFC 6749 section 4.4), kept while the object lives. One request at a time. */
import { requestTokens, type TokenOutcome } from "../../connections/token-request.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import { type Failure, failure } from "../../lib/errors.ts";
import type { Sender } from "../../lib/http.ts";
import type { Logger } from "../../lib/log.ts";
import { microsoft } from "../../providers/microsoft.ts";
import type { AppTokenSource } from "../directory.ts";
import type { Application } from "./credential.ts";
import { graphScopeOf } from "./endpoints.ts";
import { tokenFailure } from "./refusals.ts";

/** A token. `ticket` names it without telling it. Times in ms since the epoch. */
export interface AppToken {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly ticket: string;
}

/** Gives tokens of one application in one tenant. */
export interface AppTokens extends AppTokenSource {
  /** A token that lives. Failures: `provider_misconfigured` where Entra refuses the application, `provider_unavailable`, `provider_throttled`, `provider_timeout`, `provider_error`. */
  token(): Promise<AppToken>;
}

/** What {@link createAppTokens} works with. */
export interface AppTokenPorts {
  readonly config: Config;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly log: Logger;
  readonly application: Application;
  /** The tenant's GUID. */
  readonly tenantId: string;
  /** Is told how each request ended: undefined where a token came. Awaited; it must not throw. */
  readonly ended?: (refused: Failure | undefined) => Promise<void>;
}

const TIMEOUT_MS = 10_000;
const EARLY_MS = 5 * 60_000;
/** Of a token whose life Entra does not tell; the shortest that a tenant can set. */
const UNTOLD_LIFE_S = 600;
/** A refused application is not shown again at once: asking in a loop ends in AADSTS50196. */
const REFUSED_PAUSE_MS = 60_000;

interface Kept {
  readonly token: AppToken;
  /** From then on another is asked for, ms. */
  readonly renewAt: number;
}

/** Tokens of an application. Nothing is asked for before the first use. */
export function createAppTokens(ports: AppTokenPorts): AppTokens {
  const { clock } = ports;
  const provider = providerOf(ports);
  let kept: Kept | undefined;
  let flight: Promise<AppToken> | undefined;
  let refusal: { readonly failure: Failure; readonly until: number } | undefined;
  const renew = async (): Promise<AppToken> => {
    const outcome = await requestTokens(
      { ...ports, provider, timeoutMs: TIMEOUT_MS },
      { grant_type: "client_credentials", scope: graphScopeOf(ports.config) },
    );
    if (outcome.kind === "granted") {
      kept = keep(outcome.tokens, clock.now());
      await ports.ended?.(undefined);
      return kept.token;
    }
    const failed = failureOf(outcome);
    if (failed.code === "provider_misconfigured") {
      refusal = { failure: failed, until: clock.now() + REFUSED_PAUSE_MS };
      await ports.ended?.(failed);
    } else if (kept && kept.token.expiresAt > clock.now()) {
      // Entra does not answer, and the older one still lives.
      return kept.token;
    }
    throw failed;
  };
  return {
    async token() {
      if (kept && clock.now() < kept.renewAt) return kept.token;
      if (refusal && clock.now() < refusal.until) throw refusal.failure;
      flight ??= renew().finally(() => (flight = undefined));
      return flight;
    },
    refused(ticket) {
      if (kept?.token.ticket === ticket) kept = undefined;
    },
  };
}

/** A token that lives for less than twice the time is renewed when half of it is over. */
function keep({ access_token: accessToken, expires_in: lifeS = UNTOLD_LIFE_S }: Granted, now: number): Kept {
  const lifeMs = lifeS * 1000;
  const token = { accessToken, expiresAt: now + lifeMs, ticket: crypto.randomUUID() };
  return { token, renewAt: now + Math.max(lifeMs - EARLY_MS, lifeMs / 2) };
}

type Granted = Extract<TokenOutcome, { kind: "granted" }>["tokens"];

function failureOf(outcome: Exclude<TokenOutcome, { kind: "granted" }>): Failure {
  if (outcome.kind === "refused") return tokenFailure(outcome);
  // A refusal ends in a failure that somebody must act on; whatever else came proves nothing of the application.
  return outcome.failure.code === "provider_misconfigured"
    ? failure("provider_misconfigured", outcome.failure.message, {
        cause: outcome.failure,
        extra: { mend: "operator" },
      })
    : outcome.failure;
}

function providerOf({ config, application, tenantId }: AppTokenPorts) {
  const { clientId, secrets, certificate } = application;
  return microsoft(config, {
    clientId,
    clientSecrets: secrets,
    certificate,
    secretExpiresAt: undefined,
    tenant: tenantId,
    redirectUri: undefined,
  });
}
