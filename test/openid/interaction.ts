/** The provider's own pages, without a page: whoever is named by `login_hint` is signed in and consents to everything. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type OidcProvider from "oidc-provider";

type Details = Awaited<ReturnType<OidcProvider["interactionDetails"]>>;

/** Answers the prompt that the browser was sent to. `login_hint=nobody` says no. */
export async function interact(
  provider: OidcProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const details = await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, await resultOf(provider, details));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}

async function resultOf(provider: OidcProvider, details: Details) {
  const accountId = String(details.params["login_hint"] ?? "ana");
  if (accountId === "nobody") return { error: "access_denied", error_description: "nobody consents" };
  if (details.prompt.name === "login") return { login: { accountId } };
  const grant = await grantOf(provider, details);
  const { missingOIDCScope: scopes, missingOIDCClaims: claims } = details.prompt.details;
  if (Array.isArray(scopes)) grant.addOIDCScope(scopes.join(" "));
  if (Array.isArray(claims)) grant.addOIDCClaims(claims);
  return { consent: { grantId: await grant.save() } };
}

async function grantOf(provider: OidcProvider, { grantId, params, session }: Details) {
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  return known ?? new provider.Grant({ accountId: session?.accountId ?? "", clientId: String(params["client_id"]) });
}
