import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import { findConnection, endConnection } from "./connections.ts";
import { NotionOAuthError } from "./errors.ts";

/** An authorization code and what it is bound to. Times are in milliseconds. */
export interface NotionCodeRecord {
  code: string;
  clientId: string;
  person: string;
  workspaceId: string;
  pages: string[];
  redirectUri: string;
  /** Whether authorize was asked with a redirect URI, which the token request then has to repeat. */
  redirectAsked: boolean;
  issuedAt: number;
  /** The connection that it was redeemed for. */
  redeemedAs?: string;
}

const LIFETIME_MS = 10 * 60_000;

/** Makes a code for what the person agreed to. */
export function issueNotionCode(world: World, agreed: Omit<NotionCodeRecord, "code" | "issuedAt">): string {
  const code = `03${randomText(36)}`;
  world.store.put<NotionCodeRecord>(codeKey(code), { ...agreed, code, issuedAt: world.now() });
  return code;
}

/** The code as it was issued to this integration. Throws when it was not, is too old or was used. */
export function usableCode(world: World, code: string, clientId: string): NotionCodeRecord {
  const record = world.store.get<NotionCodeRecord>(codeKey(code));
  if (record === undefined || record.clientId !== clientId) throw refused("Invalid code.");
  if (record.redeemedAs !== undefined) {
    const connection = findConnection(world, record.redeemedAs);
    if (connection && world.settings().code_reuse === "revoke") endConnection(world, connection, "revoked");
    throw refused("Invalid code: it was used already.");
  }
  if (record.issuedAt + LIFETIME_MS <= world.now()) throw refused("Invalid code: it expired.");
  return record;
}

/** Marks a code as used, for the connection it gave. */
export function spendNotionCode(world: World, record: NotionCodeRecord, connectionId: string): void {
  world.store.put<NotionCodeRecord>(codeKey(record.code), { ...record, redeemedAs: connectionId });
}

function refused(message: string): NotionOAuthError {
  return new NotionOAuthError("invalid_grant", message);
}

function codeKey(code: string): string {
  return `notion-code:${code.slice(0, 100)}`;
}
