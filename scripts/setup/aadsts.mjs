/** Entra's refusals in words that a person can act on. No I/O. Codes: "Microsoft Entra authentication error codes". */

/** @typedef {import("./ended.mjs").About} About */

const APP = "App registrations";
const SECRETS = "Certificates & secrets";
const LATER = /** @type {const} */ (["later", "Entra has a fault of its own. Try again in a few minutes."]);
const CONSENT = /** @type {const} */ ([
  "consent",
  "An administrator of the tenant has not consented to the application yet.",
]);
const ASSERTION = "Entra does not believe the certificate's signature.";

/** @type {Readonly<Record<string, readonly [About, string]>>} */
const WORDS = {
  7000215: [
    "credential",
    `The client secret is wrong. Usually the secret's ID was pasted: what is needed is its Value, which is shown once, when the secret is made (${APP}, your app, ${SECRETS}).`,
  ],
  7000222: ["credential", `The client secret has expired. Make a new one (${APP}, your app, ${SECRETS}).`],
  7000218: ["credential", "Entra saw neither a secret nor a certificate."],
  7000112: ["client", "The application is disabled in this tenant. An administrator can enable it (Enterprise apps)."],
  70001: ["client", "The application is disabled or not known in this tenant."],
  70002: ["credential", "Entra does not accept this client secret or certificate."],
  700016: [
    "client",
    "This tenant has no application with this client ID. Take the Application (client) ID of the registration's Overview, not an object ID or a secret's ID; or it is another tenant's, and its administrator must consent first.",
  ],
  700025: [
    "credential",
    `The registration is a public client: set "Allow public client flows" to No (Authentication).`,
  ],
  700027: [
    "credential",
    `${ASSERTION} Upload this very certificate (${APP}, your app, ${SECRETS}, Certificates), or give the one that is there; an expired one is refused too.`,
  ],
  700024: ["credential", `${ASSERTION} Its time is out of bounds: this machine's clock may be wrong.`],
  50012: ["credential", ASSERTION],
  50048: ["credential", ASSERTION],
  50034: ["tenant", "The account does not exist in this tenant: check that the tenant is the right one."],
  50059: ["tenant", "Entra could not tell which tenant is meant. Give its GUID."],
  50194: ["tenant", "The application belongs to one tenant. Give that tenant's GUID or domain."],
  90002: [
    "tenant",
    "There is no such tenant in this cloud. Check its GUID or domain, and the cloud: a government's or China's tenants are in clouds of their own (--cloud).",
  ],
  900023: ["tenant", "That is neither a tenant's GUID nor a domain that Entra knows."],
  90038: ["tenant", "The tenant is in another national cloud. Choose it (--cloud)."],
  9001023: ["tenant", "An application's own token is issued by one tenant. Give its GUID or domain, not common."],
  65001: CONSENT,
  90094: CONSENT,
  500011: ["tenant", "Microsoft Graph is not known in this tenant: the cloud may be another one (--cloud)."],
  650052: ["tenant", "The tenant has no subscription for what was asked."],
  1002012: [
    "client",
    "The scope was not taken: it must end in /.default. The address of Graph may be wrong (--cloud).",
  ],
  70011: ["client", "The scope was not taken. The address of Graph may be wrong (--cloud)."],
  53003: [
    "consent",
    "A Conditional Access policy of the tenant blocks this application. Its administrator can exempt it.",
  ],
  90014: ["client", "Entra misses a field of the request. The client ID may be wrong."],
  50000: LATER,
  50033: LATER,
  50196: ["later", "Entra saw the same request too often. Wait a few minutes."],
  90006: LATER,
  90012: LATER,
  90024: LATER,
  90033: LATER,
  90055: ["later", "Entra throttles this tenant. Try again in a few minutes."],
  90090: LATER,
  90091: LATER,
};

/** By RFC 6749's error, where the number is not known. @type {Readonly<Record<string, About>>} */
const BY_ERROR = {
  invalid_client: "credential",
  unauthorized_client: "client",
  invalid_tenant: "tenant",
  temporarily_unavailable: "later",
  server_error: "later",
};

/**
 * What a refusal means. Unknown ones are told in Entra's own first line.
 *
 * @param {unknown} body The answer's JSON, undefined where it was none.
 * @param {number} status
 * @returns {{ about: About, code: string, words: string }}
 */
export function explain(body, status) {
  const { error, description } = fieldsOf(body);
  const number = /AADSTS(\d+)/.exec(description)?.[1] ?? "";
  const [about, words] = WORDS[number] ?? [BY_ERROR[error] ?? byStatus(status), firstLine(description)];
  const code = number === "" ? error || `HTTP ${status}` : `AADSTS${number}`;
  return { about, code, words: words === "" ? `Microsoft answered with status ${status}.` : words };
}

/** @param {number} status */
function byStatus(status) {
  return status === 429 || status >= 500 ? "later" : "client";
}

/** @param {unknown} body */
function fieldsOf(body) {
  const fields = /** @type {Record<string, unknown>} */ (typeof body === "object" && body !== null ? body : {});
  const { error, error_description: description } = fields;
  return {
    error: typeof error === "string" ? error : "",
    description: typeof description === "string" ? description : "",
  };
}

/** @param {string} description */
function firstLine(description) {
  return (description.split(/\r?\n/)[0] ?? "").replace(/^AADSTS\d+:\s*/, "").slice(0, 300);
}
