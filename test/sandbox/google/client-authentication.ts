import type { World } from "../world.ts";
import { findGoogleClient, type GoogleClient } from "./clients.ts";
import { GoogleOAuthError } from "./oauth-errors.ts";

/** The client that makes a token request, by HTTP Basic or by its secret in the form. */
export function authenticateGoogleClient(world: World, request: Request, form: URLSearchParams): GoogleClient {
  const basic = readBasic(request.headers.get("Authorization"));
  const id = basic?.id ?? form.get("client_id") ?? "";
  if (id === "") throw new GoogleOAuthError("invalid_request", "Could not determine client ID from request.");
  const client = findGoogleClient(world, id);
  if (client === undefined) throw new GoogleOAuthError("invalid_client", "The OAuth client was not found.");
  if (client.deleted) throw new GoogleOAuthError("deleted_client", "The OAuth client was deleted.");
  const secret = basic?.secret ?? form.get("client_secret") ?? "";
  if (secret === "") throw new GoogleOAuthError("invalid_request", "client_secret is missing.");
  if (!client.secrets.includes(secret))
    throw new GoogleOAuthError("invalid_client", "The provided client secret is invalid.");
  return client;
}

// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
function readBasic(header: string | null): { id: string; secret: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  try {
    const text = atob(encoded);
    const colon = text.indexOf(":");
    const decode = (part: string) => decodeURIComponent(part.replaceAll("+", " "));
    if (colon < 1) throw new Error("no colon");
    return { id: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
  } catch {
    throw new GoogleOAuthError("invalid_client", "The Authorization header is malformed.");
  }
}
