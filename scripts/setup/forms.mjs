/** What ids and secrets look like, and what people paste instead. No I/O; no message repeats a value. */

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
// The GUID is the tenant of all personal accounts.
const SHARED = new Set(["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"]);
const MAX_ORG = 200;
// What Entra makes today: 37 to 40 characters, with a tilde behind the first few.
const SECRET_VALUE = /^[\w.-]{3}[\w.-]*~[\w.~-]{25,}$/;

/** @param {string} value */
export function isGuid(value) {
  return GUID.test(value);
}

/**
 * What is wrong with a tenant's name; undefined where nothing is.
 *
 * @param {string} value
 */
export function tenantProblem(value) {
  if (SHARED.has(value.toLowerCase())) return "expected one tenant: an application's own token is issued by one alone";
  if (isGuid(value) || DOMAIN.test(value)) return undefined;
  if (value.includes("@")) return "expected the domain alone, without the user's name and the @";
  if (value.includes("/")) return "expected the tenant's GUID or domain, not an address";
  return "expected the tenant's GUID (Entra admin centre, Overview, Tenant ID) or a domain such as contoso.onmicrosoft.com";
}

/**
 * @param {string} value
 * @param {string} [tenant]
 */
export function clientIdProblem(value, tenant) {
  const where = "expected the Application (client) ID of the app registration's Overview, a GUID";
  if (isGuid(value)) {
    return value.toLowerCase() === tenant?.toLowerCase() ? `that is the tenant's ID; ${where}` : undefined;
  }
  if (SECRET_VALUE.test(value)) return `that looks like a client secret; ${where}`;
  if (DOMAIN.test(value)) return `that is a domain, which names the tenant; ${where}`;
  return where;
}

/**
 * What makes a secret impossible.
 *
 * @param {string} value
 * @param {string} [clientId]
 */
export function secretProblem(value, clientId) {
  if (value === "") return "expected the secret's Value";
  if (/\s/.test(value)) return "expected no blanks: something else was pasted along";
  // The Worker reads a comma as two secrets, of which one is being replaced.
  if (value.includes(",")) return "expected no comma: secrets of Entra have none";
  if (value.toLowerCase() === clientId?.toLowerCase()) return "that is the client ID; expected the secret's Value";
  return undefined;
}

/**
 * What makes a secret doubtful.
 *
 * @param {string} value
 */
export function secretDoubt(value) {
  if (!isGuid(value)) return undefined;
  return "That looks like the secret's ID, not its Value: Entra will refuse it (AADSTS7000215). The Value is shown once, when the secret is made (Certificates & secrets).";
}

/** @param {string} value */
export function orgProblem(value) {
  // oxlint-disable-next-line no-control-regex -- they cannot stand in a line of .dev.vars
  if (value !== "" && value.length <= MAX_ORG && value.trim() === value && !/[\u0000-\u001F]/.test(value)) {
    return undefined;
  }
  return `expected what callers' tokens carry as org, up to ${MAX_ORG} characters`;
}
