/** Signs callers' tokens for local use, as the Worker will check them. */
import { SignJWT } from "jose";
import { variable } from "./dev-vars.mjs";
import { Trouble } from "./exit.mjs";

/** @typedef {import("./dev-vars.mjs").DevVars} DevVars */
/**
 * @typedef {object} TokenRequest
 * @property {string} sub
 * @property {number} expiresInS
 * @property {readonly string[]} [roles]
 * @property {string} [scope]
 * @property {string} [teacherId]
 * @property {string} [org]
 * @property {string} [issuer] Default: JWT_ISSUER.
 * @property {string} [audience] Default: JWT_AUDIENCE.
 */

/**
 * @param {DevVars} vars
 * @param {TokenRequest} request
 * @returns {Promise<string>}
 * @throws {Trouble} Where there is no secret to sign with.
 */
export async function signToken(vars, request) {
  const secret = variable(vars, "JWT_SECRET_KEY", "SECRET_KEY").value;
  if (secret === undefined) throw new Trouble(".dev.vars: JWT_SECRET_KEY is missing: there is nothing to sign with");
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT(claimsOf(request))
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(request.sub)
    .setIssuedAt(now)
    .setExpirationTime(now + request.expiresInS);
  const issuer = request.issuer ?? variable(vars, "JWT_ISSUER").value;
  const audience = request.audience ?? variable(vars, "JWT_AUDIENCE").value;
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}

/** @param {TokenRequest} request */
function claimsOf({ roles, scope, teacherId, org }) {
  const claims = { roles, scope, teacher_id: teacherId, org };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
