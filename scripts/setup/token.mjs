/** An application's own token (RFC 6749 section 4.4), by secret or by certificate. */
import { randomUUID } from "node:crypto";
import { decodeJwt, importPKCS8, SignJWT } from "jose";
import { explain } from "./aadsts.mjs";
import { refused } from "./ended.mjs";
import { member, send, textIn } from "./http.mjs";

/** @typedef {import("./clouds.mjs").Cloud} Cloud */
/** @typedef {{ kind: "secret", secret: string } | import("./certificate.mjs").Certificate} Credential */

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_LIFE_S = 300;

/**
 * What a token says of itself. Roles are read to name what is missing, and for nothing else; undefined where the token
 * is opaque.
 *
 * @typedef {{ token: string, roles: ReadonlySet<string> | undefined }} AppToken
 */

/**
 * @param {{ cloud: Cloud, tenantId: string, clientId: string, credential: Credential }} asked
 * @returns {Promise<AppToken>}
 * @throws {import("./ended.mjs").Ended} With Entra's code, in words.
 */
export async function appToken({ cloud, tenantId, clientId, credential }) {
  const url = `${cloud.login}/${tenantId}/oauth2/v2.0/token`;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    scope: `${cloud.resource}/.default`,
    ...(await proofOf(credential, { clientId, url })),
  });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const { status, body } = await send(url, { method: "POST", headers, body: form.toString() });
  const token = textIn(body, "access_token");
  if (status === 200 && token !== "") return { token, roles: rolesIn(token) };
  const { about, code, words } = explain(body, status);
  throw refused(`${words} (${code})`, { about, code });
}

/**
 * @param {Credential} credential
 * @param {{ clientId: string, url: string }} request
 * @returns {Promise<Record<string, string>>}
 */
async function proofOf(credential, { clientId, url }) {
  if (credential.kind === "secret") return { client_secret: credential.secret };
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: "PS256", typ: "JWT", "x5t#S256": credential.thumbprint })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(url)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + ASSERTION_LIFE_S)
    .sign(await importPKCS8(credential.key, "PS256"));
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
}

/**
 * @param {string} token
 * @returns {ReadonlySet<string> | undefined}
 */
function rolesIn(token) {
  try {
    const roles = member(decodeJwt(token), "roles");
    // Entra leaves the claim out where nothing was granted.
    return new Set(Array.isArray(roles) ? roles.map(String) : []);
  } catch {
    return undefined;
  }
}
