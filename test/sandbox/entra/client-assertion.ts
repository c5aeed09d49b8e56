import { base64url, decodeProtectedHeader, errors, importX509, type JWTPayload, jwtVerify } from "jose";
import type { World } from "../world.ts";
import type { Client, ClientCertificate } from "./clients.ts";
import { EntraError, invalidRequest } from "./errors.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** What Microsoft advises; RS256 is what its older samples send. */
const ALGORITHMS = ["PS256", "RS256"];
const MOST_LIFE_S = 600;
const CLOCK_SKEW_S = 300;

/** Whether an application has proved itself by an assertion that one of its certificates signed ("certificate credentials"). */
export async function checkAssertion(world: World, client: Client, form: URLSearchParams, url: string): Promise<void> {
  const assertion = form.get("client_assertion");
  if (assertion === null)
    throw refused(
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  if (form.get("client_assertion_type") !== ASSERTION_TYPE)
    throw invalidRequest(9002313, "Unknown client_assertion_type.");
  const payload = await verified(world, client, { assertion, audience: audienceOf(url) });
  if (payload.iss !== client.client_id)
    throw refused(700027, "The issuer of the client assertion is not the application.");
  if (payload.sub !== payload.iss)
    throw refused(50048, "The subject of the client assertion does not match its issuer.");
  if ((payload.exp ?? 0) - (payload.nbf ?? 0) > MOST_LIFE_S)
    throw refused(700024, "Client assertion is valid for longer than ten minutes.");
  takeOnce(world, client, payload);
}

function audienceOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

interface Presented {
  readonly assertion: string;
  readonly audience: string;
}

async function verified(world: World, client: Client, { assertion, audience }: Presented): Promise<JWTPayload> {
  const { alg = "", named } = headerOf(assertion);
  const certificate = await findCertificate(client, named);
  if (certificate?.expires_at !== undefined && Date.parse(certificate.expires_at) <= world.now())
    throw refused(700027, "The certificate with identifier used to sign the client assertion is expired.");
  if (certificate === undefined || !ALGORITHMS.includes(alg))
    throw refused(
      700027,
      `Client assertion failed signature validation. The key was not found by its thumbprint: '${named.sha256 ?? named.sha1 ?? ""}'.`,
    );
  try {
    const { payload } = await jwtVerify(assertion, await importX509(certificate.pem, alg), {
      algorithms: ALGORITHMS,
      audience,
      requiredClaims: ["exp", "nbf", "jti"],
      currentDate: new Date(world.now()),
      clockTolerance: CLOCK_SKEW_S,
    });
    return payload;
  } catch (error) {
    throw assertionFailure(error);
  }
}

interface Thumbprints {
  readonly sha256?: string | undefined;
  readonly sha1?: string | undefined;
}

function headerOf(assertion: string): { alg?: string | undefined; named: Thumbprints } {
  try {
    const { alg, "x5t#S256": sha256, x5t: sha1 } = decodeProtectedHeader(assertion);
    return { alg, named: { sha256: textIn(sha256), sha1: textIn(sha1) } };
  } catch {
    throw refused(50012, "Authentication of the client assertion failed: it is no JWT.");
  }
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The certificate that the header names; one that names none is found by nobody. */
async function findCertificate(client: Client, { sha256, sha1 }: Thumbprints): Promise<ClientCertificate | undefined> {
  for (const certificate of client.certificates) {
    if (sha256 !== undefined && sha256 === (await thumbprint(certificate.pem, "SHA-256"))) return certificate;
    if (sha256 === undefined && sha1 === (await thumbprint(certificate.pem, "SHA-1"))) return certificate;
  }
  return undefined;
}

async function thumbprint(pem: string, hash: "SHA-256" | "SHA-1"): Promise<string> {
  const der = Uint8Array.from(atob(pem.replaceAll(/-----[^-]+-----|\s/g, "")), (char) => char.charCodeAt(0));
  return base64url.encode(new Uint8Array(await crypto.subtle.digest(hash, der)));
}

/** A second assertion with the same `jti` is a replay (RFC 7523 section 3). */
function takeOnce({ store, now }: World, { client_id: id }: Client, { jti, exp = 0 }: JWTPayload): void {
  for (const [key, until] of store.list<number>(`assertion:${id}:`)) if (until < now()) store.delete(key);
  const key = `assertion:${id}:${jti}`;
  if (store.get(key) !== undefined) throw refused(50012, "The client assertion was used before.");
  store.put(key, (exp + CLOCK_SKEW_S) * 1000);
}

function assertionFailure(error: unknown): EntraError {
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused(700027, "Client assertion failed signature validation.");
  const outOfTime =
    error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf");
  return outOfTime
    ? refused(700024, "Client assertion is not within its valid time range.")
    : refused(50012, "Authentication of the client assertion failed.");
}

function refused(aadsts: number, text: string): EntraError {
  return new EntraError("invalid_client", aadsts, text);
}
