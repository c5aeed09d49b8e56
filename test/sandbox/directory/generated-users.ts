import { fraction, pick } from "./fraction.ts";
import { objectId, userId } from "./object-ids.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** A user as Graph has it: a property that was never set is absent, one that was set and cleared is null. */
export interface DirectoryUser extends Record<string, unknown> {
  id: string;
  userPrincipalName: string;
  displayName: string;
  accountEnabled: boolean;
}

/** The products that users hold, the common ones first; `share` of the members with a licence hold each. */
export const SKUS = [
  { skuId: "05e9a617-0261-4cee-bb44-138d3ef5d965", share: 0.6 },
  { skuId: "06ebc4ee-1bb5-47ab-8120-11824bc54a77", share: 0.3 },
  { skuId: "f30db892-07e9-47e9-837c-80727f46fd3d", share: 0.25 },
  { skuId: "b05e124f-c7cc-45a0-a6aa-8cf78c946968", share: 0.1 },
  { skuId: "078d2b04-f1bd-4111-bbd4-b4b1b354cef4", share: 0.05 },
] as const;

/** The first user holds nobody above; further ones stand below the user that this says, or below nobody. */
export function generatedManager(t: DirectoryTenant, index: number): number | undefined {
  if (index === 0 || index >= t.users || isGuest(t, index) || fraction(t.seed, "unmanaged", index) < 0.05)
    return undefined;
  return Math.floor((index - 1) / REPORTS);
}

/** The generated users below a user. */
export function generatedReports(t: DirectoryTenant, index: number): number[] {
  const candidates = Array.from({ length: REPORTS }, (_, at) => index * REPORTS + 1 + at);
  return candidates.filter((report) => generatedManager(t, report) === index);
}

/** Whether a generated user comes from another organisation. */
export function isGuest({ seed }: DirectoryTenant, index: number): boolean {
  return index > 0 && fraction(seed, "guest", index) < 0.08;
}

/** The user of an index, as it was before any change. Also what a user that is added later starts from. */
export function generatedUser(t: DirectoryTenant, index: number): DirectoryUser {
  const { seed } = t;
  const of = (what: string) => fraction(seed, what, index);
  const givenName = pick(GIVEN_NAMES, of("given"));
  const surname = pick(SURNAMES, of("surname"));
  const guest = isGuest(t, index);
  const address = guest
    ? `${plain(givenName)}.${plain(surname)}${index}@partner.example`
    : `${plain(givenName)}.${plain(surname)}${index}@${t.domain}`;
  const created = isoSeconds(t.createdAt - Math.floor((30 + of("created") * 3000) * DAY_MS));
  return {
    id: userId(t, index),
    ...(guest ? guestNames(t, address, of) : memberNames(t, index, { address, of })),
    displayName: displayName(givenName, surname, of("style")),
    givenName,
    surname,
    accountEnabled: index === 0 || of("disabled") >= 0.06,
    ...(of("jobless") >= 0.1 && { jobTitle: pick(JOB_TITLES, of("job")) }),
    ...(!guest && of("department-less") >= 0.08 && { department: pick(DEPARTMENTS, of("department")) }),
    ...(of("mobile") < 0.5 && { mobilePhone: `+39 333 ${String(1_000_000 + index)}` }),
    businessPhones: of("phone") < 0.3 ? [`+39 06 ${String(100_000 + index)}`] : [],
    createdDateTime: created,
    signInSessionsValidFromDateTime: created,
  };
}

/** The last sign-ins of a generated user; undefined for those who never signed in. */
export function generatedSignIn(
  { seed, createdAt }: DirectoryTenant,
  index: number,
): Record<string, string> | undefined {
  if (fraction(seed, "never", index) < 0.1) return undefined;
  const at = createdAt - Math.floor(fraction(seed, "signed-in", index) ** 2 * 200 * DAY_MS) - 60_000;
  const request = (what: number) => objectId({ seed: seed + what }, "user", index);
  return {
    lastSignInDateTime: isoSeconds(at),
    lastSignInRequestId: request(1),
    lastNonInteractiveSignInDateTime: isoSeconds(at - HOUR_MS),
    lastNonInteractiveSignInRequestId: request(2),
    ...(fraction(seed, "succeeded", index) < 0.95 && {
      lastSuccessfulSignInDateTime: isoSeconds(at - 2 * HOUR_MS),
      lastSuccessfulSignInRequestId: request(3),
    }),
  };
}

/** A time in milliseconds as Graph writes it, in whole seconds. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

type Fractions = (what: string) => number;

function memberNames(t: DirectoryTenant, index: number, { address, of }: { address: string; of: Fractions }) {
  const withoutMail = of("mail") < 0.07;
  const place = pick(PLACES, of("place"));
  return {
    userPrincipalName: address,
    ...(!withoutMail && { mail: address }),
    proxyAddresses: withoutMail
      ? []
      : [`SMTP:${address}`, ...(of("alias") < 0.2 ? [`smtp:alias${index}@${t.domain}`] : [])],
    userType: "Member",
    companyName: t.displayName,
    ...(of("numbered") < 0.9 && { employeeId: `E${String(index).padStart(7, "0")}` }),
    employeeType: of("contractor") < 0.15 ? "Contractor" : "Employee",
    officeLocation: `${place.city} ${Math.floor(of("floor") * 9)}`,
    city: place.city,
    country: place.country,
    usageLocation: place.code,
    preferredLanguage: place.language,
    otherMails: [],
    identities: [{ signInType: "userPrincipalName", issuer: t.domain, issuerAssignedId: address }],
    assignedLicenses: withoutMail || of("licensed") < 0.1 ? [] : licences(of),
    ...(of("synced") < 0.4 && {
      onPremisesSyncEnabled: true,
      onPremisesImmutableId: btoa(String(of("immutable"))).slice(0, 22),
      lastPasswordChangeDateTime: isoSeconds(t.createdAt - Math.floor(of("password") * 90 * DAY_MS)),
    }),
  };
}

function guestNames(t: DirectoryTenant, address: string, of: Fractions) {
  const initial = `tenant-${t.seed}.onmicrosoft.com`;
  return {
    userPrincipalName: `${address.replace("@", "_")}#EXT#@${initial}`,
    mail: address,
    proxyAddresses: [`SMTP:${address}`],
    userType: "Guest",
    otherMails: [address],
    identities: [{ signInType: "federated", issuer: "ExternalAzureAD", issuerAssignedId: null }],
    assignedLicenses: [],
    externalUserState: of("accepted") < 0.8 ? "Accepted" : "PendingAcceptance",
  };
}

function licences(of: Fractions): { skuId: string; disabledPlans: string[] }[] {
  return SKUS.flatMap(({ skuId, share }, at) =>
    of(`sku${at}`) < share ? [{ skuId, disabledPlans: of("plans") < 0.1 ? [DISABLED_PLAN] : [] }] : [],
  );
}

// Names as people have them and as spreadsheets and queries trip over them.
function displayName(given: string, surname: string, style: number): string {
  if (style < 0.02) return `${surname}, ${given}`;
  if (style < 0.03) return `${given} "Ace" ${surname}`;
  if (style < 0.035) return `=${given} ${surname}`;
  return style < 0.04 ? `+${given} ${surname}` : `${given} ${surname}`;
}

function plain(name: string): string {
  let text = PLAIN.get(name);
  if (text === undefined) {
    text = name
      .normalize("NFD")
      .replace(/[^a-zA-Z]/g, "")
      .toLowerCase();
    PLAIN.set(name, text);
  }
  return text;
}

const PLAIN = new Map<string, string>();
const REPORTS = 8;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DISABLED_PLAN = "c1ec4a95-1f05-45b3-a911-aa3fa01094f5";
const GIVEN_NAMES =
  "Ana Bo Chloé Dörte Emil Fatima Gus Håkon Inês Jürgen Kofi Lena Mei Noor Ömer Pat Quinn Rosa Søren Tomé".split(" ");
const SURNAMES =
  "Rossi Tanaka O'Brien Müller Núñez Lindqvist Moreau Novak D'Angelo Schröder García Ivanova Okafor Weiß Smith-Jones Çelik".split(
    " ",
  );
const JOB_TITLES = [
  "Auditor",
  "Engineer",
  "Engineer, Senior",
  'Head of "Growth"',
  "Buyer",
  "Nurse",
  "Accountant",
  "Teacher",
];
const DEPARTMENTS = [
  "Finance",
  "IT",
  "Legal, Risk",
  "Operations",
  "Research & Development",
  "Sales",
  "Vertrieb Süd",
  "People",
];
const PLACES = [
  { city: "Roma", country: "Italy", code: "IT", language: "it-IT" },
  { city: "München", country: "Germany", code: "DE", language: "de-DE" },
  { city: "Lyon", country: "France", code: "FR", language: "fr-FR" },
  { city: "Cork", country: "Ireland", code: "IE", language: "en-IE" },
];
