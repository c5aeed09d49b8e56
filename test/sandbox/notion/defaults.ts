import { CONTOSO_TENANT, FABRIKAM_TENANT } from "../defaults.ts";
import { guidFrom } from "../ids.ts";

/** The public integration that every new sandbox knows. */
export const NOTION_CLIENT_ID = "sandbox-notion-client";
/** Its secret, which never expires. */
export const NOTION_CLIENT_SECRET = "sandbox-notion-secret";

/** The paths that are registered as redirect URIs for every configured origin. */
export const NOTION_REDIRECT_PATHS = ["/api/v1/oauth/callback/notion", "/api/v1/beta/oauth/callback/notion"] as const;

/** Somewhere that people keep pages together. */
export interface Workspace {
  id: string;
  name: string;
  icon: string | null;
}

/** The workspaces of work accounts, by the tenant that they belong to. */
export const WORKSPACES: Readonly<Record<string, Workspace>> = {
  [CONTOSO_TENANT]: { id: "c0c0c0c0-5555-4666-8777-888899990001", name: "Contoso", icon: null },
  [FABRIKAM_TENANT]: { id: "fafafafa-5555-4666-8777-888899990002", name: "Fabrikam", icon: "🏭" },
};

/** The pages of a workspace that nobody added pages to: two at the top and one below the first. */
export function defaultPages(workspace: Workspace): { id: string; title: string; parent?: string }[] {
  const id = (name: string) => guidFrom(`notion-page:${workspace.id}:${name}`);
  return [
    { id: id("home"), title: `${workspace.name} Home` },
    { id: id("notes"), title: "Meeting Notes", parent: id("home") },
    { id: id("plan"), title: "Audit Plan" },
  ];
}
