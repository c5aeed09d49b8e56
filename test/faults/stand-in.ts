/** What a stand-in is to a vault: which provider, by which variables, and how a schedule asks it what is true. */
import type { ProviderId } from "../../src/lib/ids.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { NOTION_CLIENT_ID, NOTION_CLIENT_SECRET } from "../sandbox/notion/defaults.ts";
import type { Rotation } from "./lane.ts";

/** See the head of this file. */
export interface StandIn {
  readonly provider: ProviderId;
  readonly redirectUri: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The resource that a step's resource stands for. */
  readonly resource: (name: "graph" | "outlook") => string;
  /** The provider as the world has it. */
  readonly shape: (provider: Provider) => Provider;
  /** The control by which a person takes the grant back. */
  readonly revoke: (person: string) => string;
  /** Says whether a token is good; undefined where a token is good until the time that its answer told. */
  readonly check?: string;
  /** Lists a person's grants, the name to be added; undefined where the provider takes no revocations. */
  readonly grants?: string;
}

/** The stand-in that rotates so, at `loginUrl`. */
export function standInOf(rotation: Rotation, loginUrl: string): StandIn {
  return rotation === "notion" ? notion(`${loginUrl}/notion`, loginUrl) : entra(loginUrl);
}

function entra(loginUrl: string): StandIn {
  return {
    provider: "microsoft",
    redirectUri: "https://latchkey.test/api/v1/auth/microsoft/callback",
    variables: { MICROSOFT_LOGIN_URL: loginUrl },
    resource: (name) => name,
    shape: withMail,
    revoke: (person) => `users/${person}/revoke`,
  };
}

function notion(api: string, loginUrl: string): StandIn {
  return {
    provider: "notion",
    redirectUri: "https://latchkey.test/api/v1/oauth/callback/notion",
    variables: { NOTION_API_URL: api, NOTION_CLIENT_ID, NOTION_CLIENT_SECRET },
    resource: () => "notion",
    shape: (provider) => provider,
    revoke: (person) => `notion/connections/${person}/remove`,
    check: `${api}/v1/users/me`,
    grants: `${loginUrl}/_sandbox/notion/connections?of=`,
  };
}

/** Both resources behind the same refresh token: their refreshes must not overlap. */
function withMail(provider: Provider): Provider {
  return { ...provider, scopes: [...provider.scopes, "https://outlook.office.com/SMTP.Send"] };
}
