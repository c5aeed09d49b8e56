/** When a grant will die if nothing changes, and why. No I/O. */
import type { Connection } from "../db/connections.ts";
import { rfc3339 } from "../lib/clock.ts";
import type { Mender } from "../lib/errors.ts";
import type { Provider } from "../providers/provider.ts";

/** One thing that a grant will die of. */
export interface Cause {
  readonly reason: string;
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly mend: Mender;
}

/** What is to come, the soonest first. `dies_at` is null where nothing is known to end it. */
export interface Forecast {
  readonly dies_at: string | null;
  readonly reason: string | null;
  readonly causes: readonly Cause[];
}

/** The forecast of a live grant; one that waits for its user has none. */
export function forecastOf(row: Connection, provider: Provider | undefined): Forecast {
  const causes = row.status === "active" ? causesOf(row, provider) : [];
  causes.sort((left, right) => left.at - right.at);
  const [first] = causes;
  return {
    dies_at: first === undefined ? null : rfc3339(first.at),
    reason: first?.reason ?? null,
    causes: causes.map(({ reason, at, mend }) => ({ reason, at: rfc3339(at), mend })),
  };
}

interface Dated {
  readonly reason: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly mend: Mender;
}

function causesOf(row: Connection, provider: Provider | undefined): Dated[] {
  const refreshable = row.refreshToken !== null;
  const idleMs = provider?.refreshTokens.idleMs;
  const lifetime = provider?.refreshTokens.lifetimeReason ?? { reason: "fixed_lifetime", mend: "user" as const };
  return [
    // Without a refresh token a grant lives as long as its last access token.
    ...dated(refreshable ? null : row.tokenExpiresAt, { reason: "no_refresh_token", mend: "user" }),
    // Latchkey shows an idle refresh token before that, as long as it runs.
    ...dated(refreshable && idleMs !== undefined && row.refreshTokenAt !== null ? row.refreshTokenAt + idleMs : null, {
      reason: "disuse",
      mend: "nobody",
    }),
    ...dated(row.grantExpiresAt, lifetime),
    ...dated(refreshable ? (provider?.client.expiresAt ?? null) : null, {
      reason: "client_secret_expires",
      mend: "operator",
    }),
  ];
}

function dated(at: number | null, cause: Omit<Dated, "at">): Dated[] {
  return at === null ? [] : [{ ...cause, at }];
}
