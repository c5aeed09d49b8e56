import { fraction, pick } from "./fraction.ts";
import { generatedUser, isoSeconds } from "./generated-users.ts";
import { objectId, registrationId, userId } from "./object-ids.ts";
import type { Log, LogPlace } from "./logs.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** Who signs in, how it ends (an AADSTS number, 0 is success) and when, in milliseconds. */
export interface SignIn {
  id: string;
  at: number;
  user: { id: string; userPrincipalName: string; displayName: string };
  errorCode: number;
  /** In [0, 1): what the circumstances come from. */
  luck: (what: string) => number;
}

/** The interactive sign-ins of a tenant's users. */
export const SIGN_INS: Log = {
  kind: "signIn",
  perHour: ({ users }) => users / 100,
  stepMs: 1000,
  peek: (t, place, property) => (property === "userId" ? userId(t, userOf(t, place)) : undefined),
  build: (t, place) => {
    const luck = (what: string) => fraction(t.seed, `sign-in-${what}`, place.hour, place.nth);
    const user = generatedUser(t, userOf(t, place));
    const errorCode = luck("failed") < 0.85 ? 0 : pick(FAILURES, luck("failure")).code;
    return signInBody(t, { id: idOf(t, place), at: place.at, user, errorCode, luck });
  },
};

/** A sign-in as Graph has it. `riskLevel…` and the policies that were applied are told to some alone: see `toldSignIn`. */
export function signInBody(t: DirectoryTenant, { id, at, user, errorCode, luck }: SignIn): Record<string, unknown> {
  const risky = luck("risk") < 0.03;
  const risk = risky ? pick(["low", "medium", "high"], luck("risk-level")) : "none";
  const policy = errorCode === 53003 ? "failure" : luck("policy") < 0.4 ? "success" : "notApplied";
  const app = pick(APPS, luck("app"));
  return {
    id,
    createdDateTime: isoSeconds(at),
    userDisplayName: user.displayName,
    userPrincipalName: user.userPrincipalName.toLowerCase(),
    userId: user.id,
    appId: app.appId,
    appDisplayName: app.name,
    ipAddress: `203.0.113.${Math.floor(luck("address") * 250)}`,
    clientAppUsed: luck("client") < 0.8 ? "Browser" : "Mobile Apps and Desktop clients",
    correlationId: objectId({ seed: t.seed + 1 }, "managed", Math.floor(luck("correlation") * 2 ** 31)),
    conditionalAccessStatus: policy,
    isInteractive: true,
    riskDetail: "none",
    riskLevelAggregated: risk,
    riskLevelDuringSignIn: risk,
    riskState: risky ? "atRisk" : "none",
    riskEventTypes: [],
    riskEventTypes_v2: risky ? ["unfamiliarFeatures"] : [],
    resourceDisplayName: "Microsoft Graph",
    resourceId: "00000003-0000-0000-c000-000000000000",
    status: statusOf(errorCode),
    deviceDetail: deviceOf(t, luck),
    location: pick(PLACES, luck("place")),
    appliedConditionalAccessPolicies: policy === "notApplied" ? [] : [appliedPolicy(t, policy)],
  };
}

/** A sign-in as a caller may see it: risk needs P2, and the policies need a permission of their own. */
export function toldSignIn(
  body: Record<string, unknown>,
  { p2, policies }: { p2: boolean; policies: boolean },
): Record<string, unknown> {
  return {
    ...body,
    ...(!p2 && { riskDetail: "hidden", riskLevelAggregated: "hidden", riskLevelDuringSignIn: "hidden" }),
    ...(!policies && { appliedConditionalAccessPolicies: [] }),
  };
}

function userOf({ seed, users }: DirectoryTenant, { hour, nth }: LogPlace): number {
  return Math.floor(fraction(seed, "sign-in-user", hour, nth) * users);
}

function idOf({ seed }: DirectoryTenant, { hour, nth }: LogPlace): string {
  return objectId({ seed: seed + 2 }, "user", hour * 256 + nth);
}

function statusOf(errorCode: number) {
  const failureReason = FAILURES.find(({ code }) => code === errorCode)?.reason;
  return {
    errorCode,
    failureReason: errorCode === 0 ? "Other." : (failureReason ?? `Error AADSTS${errorCode}.`),
    additionalDetails: errorCode === 50074 ? "MFA required in Azure AD" : null,
  };
}

function deviceOf(t: DirectoryTenant, luck: SignIn["luck"]) {
  const known = t.devices > 0 && luck("device-known") < 0.5;
  const index = Math.floor(luck("device") * t.devices);
  const operatingSystem = pick(["Windows 10", "Windows 11", "MacOs", "Ios 18", "Android"], luck("system"));
  return {
    deviceId: known ? registrationId(t, index) : "",
    displayName: known ? `DEVICE-${index}` : "",
    operatingSystem,
    browser: pick(["Edge 130.0.0", "Chrome 130.0.0", "Safari 18.0"], luck("browser")),
    isCompliant: known && luck("compliant") < 0.85,
    isManaged: known && luck("managed") < 0.8,
    trustType: known ? pick(["Azure AD joined", "Hybrid Azure AD joined", "Azure AD registered"], luck("trust")) : "",
  };
}

function appliedPolicy(t: DirectoryTenant, result: string) {
  return {
    id: objectId(t, "servicePrincipal", 900_000),
    displayName: "Require MFA",
    enforcedGrantControls: result === "failure" ? ["Block"] : ["Mfa"],
    enforcedSessionControls: [],
    result,
  };
}

const FAILURES = [
  { code: 50126, reason: "Error validating credentials due to invalid username or password." },
  { code: 50126, reason: "Error validating credentials due to invalid username or password." },
  {
    code: 50053,
    reason: "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
  },
  { code: 50057, reason: "The user account is disabled." },
  { code: 50074, reason: "Strong Authentication is required." },
  { code: 50140, reason: "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in." },
  {
    code: 53003,
    reason: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
  },
  { code: 65001, reason: "The user or administrator has not consented to use the application with ID {identifier}." },
];
const APPS = [
  { appId: "4765445b-32c6-49b0-83e6-1d93765276ca", name: "OfficeHome" },
  { appId: "1fec8e78-bce4-4aaf-ab1b-5451cc387264", name: "Microsoft Teams" },
  { appId: "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", name: "Azure Portal" },
  { appId: "00000002-0000-0ff1-ce00-000000000000", name: "Office 365 Exchange Online" },
];
const PLACES = [
  located("Roma", "Lazio", "IT", [41.89, 12.48]),
  located("München", "Bayern", "DE", [48.14, 11.58]),
  located("Lyon", "Auvergne-Rhône-Alpes", "FR", [45.76, 4.84]),
  // An address that nobody could place.
  { city: "", state: "", countryOrRegion: "", geoCoordinates: {} },
];

function located(city: string, state: string, countryOrRegion: string, [latitude, longitude]: [number, number]) {
  return { city, state, countryOrRegion, geoCoordinates: { altitude: null, latitude, longitude } };
}
