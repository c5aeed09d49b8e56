import { GraphError } from "../graph/errors.ts";
import type { ObjectKind } from "./directory.ts";

/** What is known of the properties of a kind of object. */
interface Shape {
  type: string;
  /** What an answer has when nothing is selected. */
  defaults: readonly string[];
  /** What a client can select and the directory tracks. */
  tracked: readonly string[];
  /** What is kept elsewhere: a list may answer it or not, delta never does. */
  elsewhere: readonly string[];
  /** Links that delta answers as `name@delta`. */
  links: readonly string[];
}

const words = (text: string) => text.trim().split(/\s+/);

const USER_DEFAULTS = words(`businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation
  preferredLanguage surname userPrincipalName`);
const GROUP_DEFAULTS = words(`id deletedDateTime classification createdDateTime description displayName
  expirationDateTime groupTypes isAssignableToRole mail mailEnabled mailNickname membershipRule
  membershipRuleProcessingState onPremisesLastSyncDateTime onPremisesSecurityIdentifier onPremisesSyncEnabled
  preferredDataLocation preferredLanguage proxyAddresses renewedDateTime securityEnabled securityIdentifier theme
  uniqueName visibility`);
const DEVICE_DEFAULTS = words(`id deletedDateTime accountEnabled approximateLastSignInDateTime
  complianceExpirationDateTime createdDateTime deviceCategory deviceId deviceMetadata deviceOwnership deviceVersion
  displayName enrollmentProfileName enrollmentType isCompliant isManaged isManagementRestricted isRooted managementType
  manufacturer mdmAppId model onPremisesLastSyncDateTime onPremisesSyncEnabled operatingSystem operatingSystemVersion
  physicalIds profileType registrationDateTime systemLabels trustType`);

/** The properties of each kind. */
export const SHAPES: Record<ObjectKind, Shape> = {
  user: {
    type: "microsoft.graph.user",
    defaults: USER_DEFAULTS,
    tracked: [
      ...USER_DEFAULTS,
      ...words(`accountEnabled ageGroup assignedLicenses assignedPlans city companyName consentProvidedForMinor country
        createdDateTime creationType deletedDateTime department employeeHireDate employeeId employeeOrgData employeeType
        externalUserState externalUserStateChangeDateTime faxNumber identities imAddresses isResourceAccount
        lastPasswordChangeDateTime legalAgeGroupClassification mailNickname onPremisesDistinguishedName
        onPremisesDomainName onPremisesExtensionAttributes onPremisesImmutableId onPremisesLastSyncDateTime
        onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName
        otherMails passwordPolicies postalCode provisionedPlans proxyAddresses securityIdentifier
        showInAddressList signInSessionsValidFromDateTime state streetAddress usageLocation userType`),
    ],
    elsewhere: words(`aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName
      responsibilities schools skills photo presence licenseDetails signInActivity`),
    links: ["manager"],
  },
  group: {
    type: "microsoft.graph.group",
    defaults: GROUP_DEFAULTS,
    tracked: [...GROUP_DEFAULTS, ...words("assignedLicenses assignedLabels infoCatalogs onPremisesDomainName")],
    elsewhere: words(
      "allowExternalSenders autoSubscribeNewMembers isSubscribedByMail unseenCount isArchived hideFromOutlookClients",
    ),
    links: ["members", "owners"],
  },
  device: {
    type: "microsoft.graph.device",
    defaults: DEVICE_DEFAULTS,
    tracked: [...DEVICE_DEFAULTS, ...words("alternativeSecurityIds extensionAttributes")],
    elsewhere: [],
    links: [],
  },
};

/** The names of a `$select`, or undefined when there is none. Throws 400 on a property that the kind does not have. */
export function readSelect(kind: ObjectKind, text: string | null, links: boolean): string[] | undefined {
  if (text === null) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const { tracked, elsewhere, type, links: linked } = SHAPES[kind];
  const known = new Set([...tracked, ...elsewhere, ...(links ? linked : [])]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new GraphError(
      400,
      "BadRequest",
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type '${type}'.`,
    );
  return [...new Set(names)];
}

/** The select of a list: what is kept outside of the directory is 501, except for sign-in activity. */
export function readListSelect(kind: ObjectKind, text: string | null): string[] | undefined {
  const names = readSelect(kind, text, false);
  const elsewhere = names?.filter((name) => SHAPES[kind].elsewhere.includes(name) && name !== "signInActivity") ?? [];
  if (elsewhere.length > 0)
    throw new GraphError(
      501,
      "NotImplemented",
      `The property '${String(elsewhere[0])}' cannot be selected for a collection.`,
    );
  return names;
}
