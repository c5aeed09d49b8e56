import type { Settings } from "../settings.ts";
import type { World } from "../world.ts";
import { NotionError } from "./errors.ts";
import { chargeRequest } from "./rate.ts";
import { findToken, isAlive, type Held } from "./tokens.ts";

/** Who calls Notion's API, and in which version of it. */
export interface NotionCaller extends Held {
  version: string;
}

/** What an integration may do, as its settings at Notion say. */
export type Capability = Settings["notion_capabilities"][number];

const VERSIONS = [
  "2021-05-11",
  "2021-05-13",
  "2021-08-16",
  "2022-02-22",
  "2022-06-28",
  "2025-09-03",
  "2026-03-11",
] as const;

/** Whose bearer token this is. Throws 401, then 400 for a version that is missing or unknown, then 429. */
export function authenticateNotion(world: World, request: Request): NotionCaller {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  const held = bearer === undefined ? undefined : findToken(world, bearer);
  if (held === undefined || held.token.kind !== "access" || !isAlive(world, held))
    throw new NotionError("unauthorized", "API token is invalid.");
  const version = knownVersion(request.headers.get("Notion-Version"));
  chargeRequest(world, held.connection);
  return { ...held, version };
}

/** Throws 403 unless the integration has the capability. */
export function requireCapability(world: World, ...oneOf: Capability[]): void {
  const { notion_capabilities: has } = world.settings();
  if (oneOf.some((capability) => has.includes(capability))) return;
  throw new NotionError("restricted_resource", "Insufficient permissions for this endpoint.");
}

function knownVersion(asked: string | null): string {
  const known = VERSIONS.map((version) => `\`"${version}"\``).join(", or ");
  if (asked === null) {
    const text =
      "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`.";
    throw new NotionError("missing_version", text);
  }
  if (VERSIONS.some((version) => version === asked)) return asked;
  const text = `Notion-Version header failed validation: Notion-Version header should be ${known}, instead was \`"${asked}"\`.`;
  throw new NotionError("validation_error", text);
}
