import { bodyOf } from "../bodies.ts";
import { authenticateClient } from "./client-authentication.ts";
import type { World } from "../world.ts";
import { redeemCode } from "./code-grant.ts";
import { clientCredentials } from "./client-credentials-grant.ts";
import { EntraError, invalidRequest, noStoreHeaders, tokenErrorResponse } from "./errors.ts";
import { withChanges } from "./id-token.ts";
import { refresh } from "./refresh-grant.ts";
import { findAudience } from "./tenants.ts";
import { requiredField, type TokenAnswer, type TokenRequest } from "./token-request.ts";

type Grant = (world: World, request: TokenRequest) => Promise<TokenAnswer>;

const GRANTS: Record<string, Grant> = {
  authorization_code: redeemCode,
  refresh_token: refresh,
  client_credentials: clientCredentials,
};

/** `POST {tenant}/oauth2/v2.0/token`. */
export async function token(world: World, request: Request, segment: string): Promise<Response> {
  const { origin } = new URL(request.url);
  try {
    const audience = findAudience(world, segment);
    const form = readForm(request);
    const grant = chooseGrant(form, request);
    const client = await authenticateClient(world, request, form, audience);
    const answer = await grant(world, { origin, audience, client, form });
    const changed = withChanges(answer, world.settings().extra_token_fields);
    return Response.json(changed, { headers: noStoreHeaders(crypto.randomUUID()) });
  } catch (error) {
    if (error instanceof EntraError) return tokenErrorResponse(world, origin, error);
    throw error;
  }
}

// Anything but a form reads as an empty one, so that the first missing parameter is named.
function readForm(request: Request): URLSearchParams {
  if (request.method !== "POST")
    throw invalidRequest(900561, `The endpoint only accepts POST requests. Received a ${request.method} request.`);
  const type = request.headers.get("Content-Type") ?? "";
  const form = new URLSearchParams(type.startsWith("application/x-www-form-urlencoded") ? bodyOf(request) : "");
  for (const name of form.keys()) {
    if (form.getAll(name).length > 1)
      throw invalidRequest(9000411, `The request is not properly formatted. The parameter '${name}' is duplicated.`);
  }
  return form;
}

function chooseGrant(form: URLSearchParams, request: Request): Grant {
  const type = requiredField(form, "grant_type");
  const grant = Object.hasOwn(GRANTS, type) ? GRANTS[type] : undefined;
  if (grant === undefined) {
    throw new EntraError("unsupported_grant_type", 70003, `The app requested an unsupported grant type '${type}'.`);
  }
  if (request.headers.get("Origin") !== null) {
    throw invalidRequest(
      9002326,
      "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
    );
  }
  return grant;
}
