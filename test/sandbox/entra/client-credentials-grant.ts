import type { World } from "../world.ts";
import { issueAccessToken } from "./access-tokens.ts";
import { grantedRoles, isInstalled } from "./clients.ts";
import { EntraError, invalidRequest } from "./errors.ts";
import { parseScopes } from "./scopes.ts";
import { requiredField, type TokenAnswer, type TokenRequest } from "./token-request.ts";

/** The client_credentials grant: an application's own token, issued even when it may do nothing. */
export function clientCredentials(
  world: World,
  { origin, audience, client, form }: TokenRequest,
): Promise<TokenAnswer> {
  if (audience.kind !== "tenant") {
    throw invalidRequest(
      9001023,
      "The grant type isn't supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
    );
  }
  const tid = audience.tenant.id;
  const resource = defaultScopeResource(requiredField(form, "scope"));
  if (!isInstalled(world, client, tid)) {
    const text = `Application with identifier '${client.client_id}' was not found in the directory '${audience.tenant.display_name}'.`;
    throw new EntraError("unauthorized_client", 700016, text);
  }
  const { token, expiresIn } = issueAccessToken(world, origin, {
    clientId: client.client_id,
    tid,
    resource,
    scopes: [],
    roles: grantedRoles(world, client, tid),
    oidc: [],
  });
  return Promise.resolve({
    token_type: "Bearer",
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    access_token: token,
  });
}

function defaultScopeResource(scope: string): string {
  const { resources, oidc } = parseScopes(scope);
  const [first, second] = resources;
  const names = first?.[1] ?? [];
  if (first !== undefined && second === undefined && oidc.length === 0 && names.every((name) => name === ".default"))
    return first[0];
  const text = `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
  throw new EntraError("invalid_scope", 1002012, text);
}
