import * as z from "zod";
import type { World } from "../world.ts";
import type { Integration } from "./clients.ts";
import { spendNotionCode, usableCode, type NotionCodeRecord } from "./codes.ts";
import { endConnection, openConnection, type Connection } from "./connections.ts";
import { NotionOAuthError } from "./errors.ts";
import { findMember, findOrAddMember, personObject } from "./people.ts";
import { findToken, isAlive, issueTokens, rotateTokens } from "./tokens.ts";

/** The JSON object of a request's body. */
export type Body = Record<string, unknown>;

interface Granted {
  connection: Connection;
  tokens: ReturnType<typeof issueTokens>;
}

type Grant = (world: World, integration: Integration, body: Body) => Granted;

const GRANTS: Record<string, Grant> = { authorization_code: redeem, refresh_token: refresh };

/** `POST /v1/oauth/token`. Nothing here waits, so that two requests cannot use one code or refresh token. */
export function notionToken(world: World, integration: Integration, body: Body) {
  const type = requiredText(body, "grant_type");
  const grant = Object.hasOwn(GRANTS, type) ? GRANTS[type] : undefined;
  if (grant === undefined)
    throw new NotionOAuthError("unsupported_grant_type", `The grant type '${type}' is not supported.`);
  const { connection, tokens } = grant(world, integration, body);
  return {
    access_token: tokens.access,
    token_type: "bearer",
    refresh_token: tokens.refresh,
    bot_id: connection.botId,
    workspace_id: connection.workspace.id,
    workspace_name: connection.workspace.name,
    workspace_icon: connection.workspace.icon,
    owner: ownerOf(world, connection),
    duplicated_template_id: null,
  };
}

/** Who a connection belongs to, in the form that the knob asks for. */
export function ownerOf(world: World, { person }: Connection) {
  const form = world.settings().notion_owner;
  const member = findMember(world, person);
  if (form === "workspace" || member === undefined) return { type: "workspace", workspace: true };
  if (form === "partial_user") return { type: "user", user: { object: "user", id: member.id } };
  return { type: "user", user: personObject(member) };
}

/** A member of the body that must be a text with something in it. */
export function requiredText(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === "string" && value !== "") return value;
  throw invalidRequest(`body failed validation: body.${name} should be a non-empty string.`);
}

// A code that fails a check stays good; one that is redeemed is spent.
function redeem(world: World, integration: Integration, body: Body): Granted {
  const code = requiredText(body, "code");
  checkExternalAccount(body);
  const record = usableCode(world, code, integration.client_id);
  checkRedirect(integration, record, body);
  const member = findOrAddMember(world, record.person);
  const workspace = member.workspaces.find(({ id }) => id === record.workspaceId);
  if (workspace === undefined) throw invalidGrant("The person left the workspace.");
  const opening = { clientId: integration.client_id, member, workspace, pages: record.pages };
  const connection = openConnection(world, opening);
  spendNotionCode(world, record, connection.id);
  return { connection, tokens: issueTokens(world, connection) };
}

// Required if authorize had one or several are registered, and not allowed otherwise.
function checkRedirect({ redirect_uris: uris }: Integration, record: NotionCodeRecord, body: Body): void {
  const required = record.redirectAsked || uris.length > 1;
  if (!required && body["redirect_uri"] === undefined) return;
  if (!required) throw invalidRequest("body failed validation: body.redirect_uri should be not present.");
  if (requiredText(body, "redirect_uri") !== record.redirectUri)
    throw invalidGrant("The redirect_uri does not match the one of the authorization request.");
}

function checkExternalAccount(body: Body): void {
  const schema = z.strictObject({ key: z.string(), name: z.string() }).optional();
  if (!schema.safeParse(body["external_account"]).success)
    throw invalidRequest("body failed validation: body.external_account should be an object of key and name.");
}

function refresh(world: World, integration: Integration, body: Body): Granted {
  const held = findToken(world, requiredText(body, "refresh_token"));
  if (held === undefined || held.token.kind !== "refresh" || held.connection.clientId !== integration.client_id)
    throw invalidGrant("Invalid refresh token.");
  if (!isAlive(world, held)) {
    const replayed = held.token.replacedAt !== undefined;
    if (replayed && world.settings().notion_replay === "revoke") endConnection(world, held.connection, "revoked");
    throw invalidGrant("Invalid refresh token.");
  }
  return { connection: held.connection, tokens: rotateTokens(world, held) };
}

function invalidRequest(message: string): NotionOAuthError {
  return new NotionOAuthError("invalid_request", message);
}

function invalidGrant(message: string): NotionOAuthError {
  return new NotionOAuthError("invalid_grant", message);
}
