/**
 * What a refresh has brought when somebody else wrote the row meanwhile. Theirs stands; but where the provider has replaced
 * the refresh token that they kept, or that they took back, it is the new one that counts.
 */
import type { Connection } from "../db/connections.ts";
import { revokePending } from "./revoke.ts";
import { commitRow } from "./rows.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { sealForRevocation, type TokenFields } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** An answer that lost its compare-and-set. */
export interface LateAnswer {
  /** The row that was refreshed. */
  readonly before: Connection;
  /** The row that stands now; undefined: it was erased. */
  readonly current: Connection | undefined;
  readonly fields: TokenFields;
  readonly tokens: TokenAnswer;
}

/** Keeps of a late answer what must not be lost, and gives the row as it then stands. Touches no own storage before D1 has it. */
export async function settleLate(vault: Vault, late: LateAnswer): Promise<Connection | undefined> {
  let { current } = late;
  for (;;) {
    const change = current && (await changeOf(vault, late, current));
    if (!current || !change) return current;
    const next = { ...current, ...change, version: current.version + 1 };
    const commit = await commitRow(vault, { before: current, next, decided: false });
    if (commit.kind === "stored") {
      if (commit.row.status === "revoked") vault.background(revokePending(vault, commit.row.id));
      return commit.row;
    }
    current = commit.current;
  }
}

async function changeOf(
  vault: Vault,
  { before, fields, tokens }: LateAnswer,
  current: Connection,
): Promise<Partial<Connection> | undefined> {
  const { refresh_token: brought } = tokens;
  if (brought === undefined) return undefined;
  if (current.status === "revoked") {
    // The token that was taken back had been replaced: the grant lives on in this one.
    if (!vault.provider(current.provider).revocation) return undefined;
    const sealed = await sealForRevocation(vault, current, brought);
    const erase = current.revocation?.erase ?? false;
    return {
      revocation: { sealed, hint: "refresh_token", attempts: 0, erase },
      revocationDueAt: vault.clock.now(),
    };
  }
  // A sign-in whose answer had none was lent the one that has just been replaced.
  if (current.refreshToken !== before.refreshToken) return undefined;
  return { refreshToken: fields.refreshToken, refreshTokenAt: fields.refreshTokenAt };
}
