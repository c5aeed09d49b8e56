/** Notion: one workspace per grant; what may be seen is chosen on Notion's page, not by scopes. */
import type { Config } from "../lib/config.ts";
import { defineProvider } from "./define.ts";
import type { Claims, Identity, Provider } from "./provider.ts";
import { object, text } from "./read.ts";

/** The API version that our own calls speak; a caller of the proxy may send another. */
const VERSION = "2025-09-03";
const DAY_MS = 86_400_000;

/** Notion as configured; undefined where no integration is. */
export function notion(config: Config): Provider | undefined {
  if (!config.notion) return undefined;
  const api = config.notionApiUrl ?? "https://api.notion.com";
  const { clientId, clientSecrets, secretExpiresAt } = config.notion;
  return defineProvider({
    id: "notion",
    name: "Notion",
    endpoints: {
      authorization: `${api}/v1/oauth/authorize`,
      token: `${api}/v1/oauth/token`,
      revocation: `${api}/v1/oauth/revoke`,
    },
    client: {
      id: clientId,
      credentials: clientSecrets.map((secret) => ({ method: "basic", secret })),
      expiresAt: secretExpiresAt,
    },
    authorization: { parameters: { owner: "user" }, withoutRefreshToken: {}, pkce: false, scope: false },
    tokenRequest: { body: "json", scope: false, requestIdHeader: undefined },
    // What the integration may do is set where it is registered; every grant has it.
    features: { profile: [], "pages.read": [], "pages.write": [] },
    resources: { notion: { scopePrefix: "", baseUrl: api, headers: { "Notion-Version": VERSION } } },
    passThrough: [],
    refreshTokens: {
      rotation: "rotates",
      idleMs: undefined,
      keepAliveMs: 14 * DAY_MS,
      lifetimeMs: undefined,
      lifetimeReason: { reason: "fixed_lifetime", mend: "user" },
    },
    identity: { kind: "token_answer", identify },
    account: {
      url: `${api}/v1/users/me`,
      resource: "notion",
      headers: { "Notion-Version": VERSION },
      atConnect: false,
      read: readBot,
    },
    // Three requests a second on average.
    proxyLimit: { quota: 180, windowMs: 60_000 },
    quotas: [
      { of: "requests", amount: 3, windowS: 1, per: "connection", note: "on average; newer plans count by the minute" },
    ],
  });
}

/** One grant per workspace and person; `bot_id` is another one after each authorisation. */
function identify(answer: Claims): Identity | undefined {
  const { workspace_id: workspace, workspace_name: workspaceName, workspace_icon: icon, owner } = answer;
  if (typeof workspace !== "string" || workspace === "") return undefined;
  const user = object(object(owner)["user"]);
  const person = text(user["id"]);
  return {
    account: person === null ? workspace : `${workspace}:${person}`,
    name: text(user["name"]) ?? text(workspaceName),
    address: text(object(user["person"])["email"]),
    tenant: text(workspaceName) ?? workspace,
    picture: text(user["avatar_url"]) ?? httpUrl(icon),
  };
}

/** `users/me` is the bot; the person stands in its owner. */
function readBot({ bot }: Claims): Partial<Identity> | undefined {
  const { owner, workspace_name: workspace } = object(bot);
  const user = object(object(owner)["user"]);
  if (text(user["id"]) === null) return text(workspace) === null ? undefined : { tenant: text(workspace) };
  return {
    ...(text(user["name"]) === null ? {} : { name: text(user["name"]) }),
    ...(text(workspace) === null ? {} : { tenant: text(workspace) }),
    ...(text(user["avatar_url"]) === null ? {} : { picture: text(user["avatar_url"]) }),
  };
}

/** A workspace's icon may be an emoji. */
function httpUrl(value: unknown): string | null {
  const icon = text(value);
  return icon?.startsWith("https://") ? icon : null;
}
