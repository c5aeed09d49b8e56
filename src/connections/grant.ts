/** What a caller gets when it may use a connection, and where it comes from. */
import type { ConnectionId, ProviderId } from "../lib/ids.ts";

/** An access token ready to use, for one resource. */
export interface AccessGrant {
  readonly connection: ConnectionId;
  readonly provider: ProviderId;
  /** The API that the token is good for. */
  readonly resource: string;
  readonly accessToken: string;
  /** As the provider wrote it, usually `Bearer`. */
  readonly tokenType: string;
  /** ms since the epoch; null where the provider gives no lifetime. */
  readonly expiresAt: number | null;
  readonly scopes: readonly string[];
  /** Names this very token. Hand it back as `rejected` when the provider's API refused the token: one refresh follows, however many callers do so. */
  readonly ticket: string;
  /** Why an older token than asked for was served: the refresh failed, but the token still lives. */
  readonly staleReason?: string;
  /** True where Microsoft's own sign-in would not bring this grant back: another must name its connection. */
  readonly named?: boolean;
}

/** Gives tokens for one connection and resource. */
export interface GrantSource {
  /** A token to use now. `rejected`: the ticket of a token that the API has just refused with 401. Throws Failures of the vault. */
  grant(rejected?: string): Promise<AccessGrant>;
}
