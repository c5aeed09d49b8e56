import { errors, importJWK, jwtVerify, type JWK } from "jose";
import type { World } from "../world.ts";
import { findClient, type Client } from "./clients.ts";
import { EntraError, invalidRequest, missingParameter } from "./errors.ts";
import type { Audience } from "./tenants.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** The application that makes a token request, once it has proved itself by a secret or an assertion. */
export async function authenticateClient(
  world: World,
  request: Request,
  form: URLSearchParams,
  audience: Audience,
): Promise<Client> {
  const basic = basicCredentials(request.headers.get("Authorization"));
  const clientId = basic?.id ?? form.get("client_id");
  if (clientId === null) throw missingParameter("client_id");
  const client = knownClient(world, clientId, audience);
  const secret = basic?.secret ?? form.get("client_secret");
  if (secret !== null) checkSecret(world, client, secret);
  else await checkAssertion(world, client, form, request.url);
  return client;
}

/** The application with this id. Throws when there is none, or when it belongs to another tenant. */
export function knownClient(world: World, clientId: string, audience: Audience): Client {
  const client = findClient(world, clientId);
  const elsewhere = audience.kind === "tenant" && client?.tenant !== undefined && client.tenant !== audience.tenant.id;
  if (client === undefined || elsewhere) {
    const text = `Application with identifier '${clientId}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`;
    throw new EntraError("unauthorized_client", 700016, text);
  }
  if (client.disabled) throw new EntraError("unauthorized_client", 7000112, `Application '${clientId}' is disabled.`);
  if (client.tenant !== undefined && audience.kind !== "tenant") {
    const text = `Application '${clientId}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such applications.`;
    throw new EntraError("unauthorized_client", 50194, text);
  }
  return client;
}

function basicCredentials(header: string | null): { id: string; secret: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [id = "", secret = ""] = atob(encoded)
    .split(":")
    .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
  return { id, secret };
}

function checkSecret(world: World, client: Client, secret: string): void {
  const known = client.secrets.find(({ value }) => value === secret);
  if (known === undefined) {
    const text = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${client.client_id}'.`;
    throw new EntraError("invalid_client", 7000215, text);
  }
  if (known.expires_at !== undefined && new Date(known.expires_at).getTime() <= world.now()) {
    throw new EntraError(
      "invalid_client",
      7000222,
      `The provided client secret keys for app '${client.client_id}' are expired.`,
    );
  }
}

async function checkAssertion(world: World, client: Client, form: URLSearchParams, url: string): Promise<void> {
  const assertion = form.get("client_assertion");
  if (assertion === null) {
    throw new EntraError(
      "invalid_client",
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  }
  if (form.get("client_assertion_type") !== ASSERTION_TYPE)
    throw invalidRequest(9002313, "Unknown client_assertion_type.");
  const { origin, pathname } = new URL(url);
  const options = {
    algorithms: ["PS256", "RS256"],
    audience: `${origin}${pathname}`,
    requiredClaims: ["exp", "jti"],
    currentDate: new Date(world.now()),
    clockTolerance: 300,
  };
  const payload = await verifiedBySome(client, assertion, options);
  if (payload.iss !== client.client_id)
    throw new EntraError("invalid_client", 700027, "The issuer of the client assertion is not the application.");
  if (payload.sub !== payload.iss)
    throw new EntraError("invalid_client", 50048, "The subject of the client assertion does not match its issuer.");
}

async function verifiedBySome(client: Client, assertion: string, options: Parameters<typeof jwtVerify>[2]) {
  for (const jwk of client.keys) {
    try {
      const alg = assertionAlgorithm(assertion);
      return (await jwtVerify(assertion, await importJWK(jwk as JWK, alg), options)).payload;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      throw assertionFailure(error);
    }
  }
  throw new EntraError(
    "invalid_client",
    700027,
    "Client assertion failed signature validation. The key was not found by its thumbprint.",
  );
}

function assertionAlgorithm(assertion: string): string {
  const header = JSON.parse(atob((assertion.split(".")[0] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as {
    alg?: unknown;
  };
  return header.alg === "RS256" ? "RS256" : "PS256";
}

function assertionFailure(error: unknown): EntraError {
  const outOfTime =
    error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf");
  return outOfTime
    ? new EntraError("invalid_client", 700024, "Client assertion is not within its valid time range.")
    : new EntraError("invalid_client", 50012, "Authentication of the client assertion failed.");
}
