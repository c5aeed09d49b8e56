/** Proves ids and credential against Microsoft: the tenant, a token, the organisation, and what may be read. */
import { explain } from "./aadsts.mjs";
import { refused } from "./ended.mjs";
import { isGuid } from "./forms.mjs";
import { member, send, textIn } from "./http.mjs";
import { probe } from "./probe.mjs";
import { appToken } from "./token.mjs";

/** @typedef {import("./clouds.mjs").Cloud} Cloud */
/** @typedef {{ cloud: Cloud, tenant: string, clientId: string, credential: import("./token.mjs").Credential }} Claim */
/**
 * @typedef {object} Proof
 * @property {{ id: string, name: string, domain: string }} tenant
 * @property {import("./probe.mjs").Capability[]} capabilities
 * @property {string} adminConsentUrl
 */

/**
 * @param {Claim} claim
 * @param {(step: string) => void} onStep Told what is being done.
 * @returns {Promise<Proof>}
 * @throws {import("./ended.mjs").Ended} With what to give anew.
 */
export async function prove({ cloud, tenant, clientId, credential }, onStep) {
  onStep("Finding the tenant");
  const tenantId = await findTenant(cloud, tenant);
  onStep("Asking Microsoft for a token");
  const token = await appToken({ cloud, tenantId, clientId, credential });
  onStep("Reading the organisation");
  const adminConsentUrl = consentUrl(cloud, tenantId, clientId);
  const organisation = await readOrganisation(cloud, token.token, adminConsentUrl);
  onStep("Looking at what may be read");
  const capabilities = await probe(cloud.graph, token);
  return { tenant: { id: tenantId, ...organisation }, capabilities, adminConsentUrl };
}

/**
 * The tenant's GUID, as OpenID discovery names it in the issuer.
 *
 * @param {Cloud} cloud
 * @param {string} tenant GUID or domain.
 */
export async function findTenant(cloud, tenant) {
  const url = `${cloud.login}/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`;
  const { status, body } = await send(url);
  const issuer = textIn(body, "issuer");
  const id = URL.canParse(issuer) ? (new URL(issuer).pathname.split("/").find(isGuid) ?? "") : "";
  if (status === 200 && id !== "") return id.toLowerCase();
  const { about, code, words } = explain(body, status);
  throw refused(`${words} (${code})`, { about: about === "later" ? about : "tenant", code });
}

/**
 * Where an administrator grants every application permission of the registration. The older form: it needs no
 * redirect URI.
 *
 * @param {Cloud} cloud
 * @param {string} tenantId
 * @param {string} clientId
 */
function consentUrl({ login }, tenantId, clientId) {
  return `${login}/${tenantId}/adminconsent?client_id=${clientId}`;
}

/**
 * @param {Cloud} cloud
 * @param {string} token
 * @param {string} adminConsentUrl
 */
async function readOrganisation({ graph }, token, adminConsentUrl) {
  const url = `${graph}/v1.0/organization?$select=id,displayName,verifiedDomains`;
  const { status, body } = await send(url, { headers: { Authorization: `Bearer ${token}` } });
  const list = member(body, "value");
  const one = /** @type {unknown} */ (Array.isArray(list) ? list[0] : undefined);
  if (status === 200 && one !== undefined) return { name: textIn(one, "displayName"), domain: domainOf(one) };
  const code = textIn(member(body, "error"), "code") || `HTTP ${status}`;
  // A token is issued even to an application that may do nothing.
  if (status === 403) {
    const words = `Entra gave a token, but the application may not read the organisation: the application permission Organization.Read.All is missing, or nobody has consented yet. Add it (API permissions, Microsoft Graph, Application permissions), then let an administrator open ${adminConsentUrl} and wait a minute.`;
    throw refused(`${words} (${code})`, { about: "consent", code, adminConsentUrl });
  }
  const about = status === 429 || status >= 500 ? "later" : "tenant";
  throw refused(`Microsoft Graph answered with status ${status}. Is the cloud right? (${code})`, { about, code });
}

/** @param {unknown} organisation */
function domainOf(organisation) {
  const domains = member(organisation, "verifiedDomains");
  const list = /** @type {unknown[]} */ (Array.isArray(domains) ? domains : []);
  return textIn(list.find((domain) => member(domain, "isDefault") === true) ?? list[0], "name");
}
