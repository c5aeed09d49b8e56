/** Rows for tests of the database. */
import type { Connection } from "../../src/db/connections.ts";
import { newConnectionId, Owner } from "../../src/lib/ids.ts";

/** An active connection of `owner` to `account`, in its first version. */
export function connectionRow(owner: string, account: string): Connection {
  return {
    id: newConnectionId(),
    owner: Owner.parse(owner),
    provider: "microsoft",
    account,
    profile: { name: "Ana", address: null, tenant: null },
    status: "active",
    statusReason: null,
    statusCode: null,
    statusClaims: null,
    statusMend: null,
    scopes: [],
    refreshToken: "v1.k1.a.b",
    refreshTokenAt: 1,
    accessTokens: {},
    tokenExpiresAt: null,
    generation: 1,
    version: 1,
    refreshFailures: 0,
    lastFailure: null,
    lastRefreshedAt: 1,
    lastUsedAt: 10,
    connectedAt: 1,
    createdAt: 1,
    updatedAt: 1,
    askedScopes: null,
    grantExpiresAt: null,
    withheld: null,
    expiryAnnouncedAt: null,
    sealedWith: null,
    revocation: null,
    revocationDueAt: null,
  };
}
