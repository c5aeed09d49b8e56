import type { Person } from "../defaults.ts";
import { findTenant } from "../entra/tenants.ts";
import { identityAt, type User } from "../entra/users.ts";
import type { World } from "../world.ts";
import { requirePermission, type Caller } from "./caller.ts";
import { GraphError } from "./errors.ts";
import { subjectOf } from "../entra/id-token.ts";
import { selected } from "./select.ts";

const DEFAULTS = [
  "businessPhones",
  "displayName",
  "givenName",
  "id",
  "jobTitle",
  "mail",
  "mobilePhone",
  "officeLocation",
  "preferredLanguage",
  "surname",
  "userPrincipalName",
];

/** `GET /me` and `GET /users/{id}`: eleven properties, and whatever `$select` names instead. */
export function profile(world: World, caller: Caller, user: User, url: URL): Record<string, unknown> {
  const message = "Insufficient privileges to complete the operation.";
  requirePermission(
    caller,
    ["User.Read", "User.ReadWrite", "User.Read.All", "Directory.Read.All"],
    "Authorization_RequestDenied",
    message,
  );
  const all = properties(world, caller, user);
  const select = url.searchParams.get("$select");
  const names = select === null ? DEFAULTS : select.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(name in all));
  if (unknown !== undefined) {
    throw new GraphError(
      400,
      "BadRequest",
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type 'microsoft.graph.user'.`,
    );
  }
  const context = `${url.origin}/v1.0/$metadata#users${select === null ? "" : `(${names.join(",")})`}/$entity`;
  return { "@odata.context": context, ...selected(all, names) };
}

/** `GET /organization`: a collection of one. */
export function organization(world: World, { token }: Caller, url: URL): Record<string, unknown> {
  requirePermission(
    { token },
    ["User.Read", "User.ReadWrite", "Organization.Read.All", "Directory.Read.All"],
    "Authorization_RequestDenied",
    "Insufficient privileges to complete the operation.",
  );
  const tenant = findTenant(world, token.tid);
  const domains = (tenant?.domains ?? []).map((name, index) => ({
    capabilities: "Email, OfficeCommunicationsOnline",
    isDefault: index === 0,
    isInitial: name.endsWith(".onmicrosoft.com"),
    name,
    type: "Managed",
  }));
  const plan = {
    assignedDateTime: "2025-01-01T00:00:00Z",
    capabilityStatus: "Enabled",
    service: "AADPremiumService",
    servicePlanId: "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
  };
  const one = {
    id: token.tid,
    displayName: tenant?.display_name ?? null,
    tenantType: "AAD",
    verifiedDomains: domains,
    assignedPlans: [plan],
  };
  return { "@odata.context": `${url.origin}/v1.0/$metadata#organization`, value: [one] };
}

/** `GET /oidc/userinfo`: who signed in, for a token of the openid scope. */
export function userInfo({ token, user }: Caller): Record<string, unknown> {
  if (user === undefined || !token.oidc.includes("openid")) {
    throw new GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
  }
  const { displayName: name, givenName, surname, mail } = user;
  const email = mail !== null && token.oidc.includes("email") && { email: mail };
  return {
    sub: subjectOf(token.clientId, token.oid ?? user.oid),
    name,
    given_name: givenName,
    family_name: surname,
    ...email,
  };
}

/** The address to show for a person. */
export function addressOf({ mail, upn }: Person): string {
  return mail ?? upn;
}

function properties(world: World, { token }: Caller, user: User): Record<string, unknown> {
  const tenant = findTenant(world, token.tid);
  const identity = tenant && identityAt(user, { kind: "tenant", tenant });
  return {
    businessPhones: [],
    displayName: user.displayName,
    givenName: user.givenName,
    id: identity?.oid ?? user.oid,
    jobTitle: user.jobTitle,
    mail: user.mail,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: user.surname,
    userPrincipalName: identity?.upn ?? user.upn,
    accountEnabled: user.disabled !== true,
    createdDateTime: "2025-01-01T00:00:00Z",
    userType: token.tid === user.tid ? "Member" : "Guest",
    usageLocation: "IT",
    companyName: null,
    department: null,
    otherMails: [],
    proxyAddresses: user.mail === null ? [] : [`SMTP:${user.mail}`],
    identities: [],
    signInSessionsValidFromDateTime: new Date(user.tokensValidFrom ?? 0).toISOString(),
  };
}
