/** The OAuth client that every new sandbox knows. */
export const GOOGLE_CLIENT_ID = "sandbox-google-client.apps.googleusercontent.com";
/** Its secret. */
export const GOOGLE_CLIENT_SECRET = "sandbox-google-secret";
/** The issuer of id_tokens and of the discovery document, wherever the sandbox is reached. */
export const GOOGLE_ISSUER = "https://accounts.google.com";

/** The paths that are registered as redirect URIs for every configured origin. */
export const GOOGLE_REDIRECT_PATHS = [
  "/api/v1/oauth/callback/google",
  "/api/v1/beta/oauth/callback/google",
  "/api/v1/oauth/callback/youtube",
  "/api/v1/beta/oauth/callback/youtube",
  "/api/oauth/google/callback",
] as const;

/** The Workspace domains of those people who belong to one. */
export const WORKSPACE_DOMAINS: Readonly<Record<string, string>> = { gus: "fabrikam.example" };
