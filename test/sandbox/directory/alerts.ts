import type { World } from "../world.ts";
import { fraction, pick } from "./fraction.ts";
import { generatedUser } from "./generated-users.ts";
import { registrationId } from "./object-ids.ts";
import { countUp, overlays, putOverlay, type DirectoryTenant } from "./tenant.ts";

/** An alert of Defender. Times are in milliseconds; `body` is the alert as Graph has it. */
export interface Alert {
  id: string;
  at: number;
  updatedAt: number;
  body: () => Record<string, unknown>;
}

/** What people change of an alert. */
export type AlertFields = Partial<
  Record<"status" | "severity" | "classification" | "determination" | "assignedTo", string | null>
>;

/** An alert that a control raised. */
interface Added {
  id: string;
  at: number;
  number: number;
  title?: string | undefined;
}

interface Change {
  at: number;
  fields: AlertFields;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RETENTION_MS = 180 * DAY_MS;

/** Every alert that is kept still, the newest first. Generated ones are taken up and resolved as time goes by. */
export function alerts(world: World, t: DirectoryTenant): Alert[] {
  const now = world.now();
  const changes = new Map(overlays<Change>(world, t, "alert-change"));
  const added = overlays<Added>(world, t, "alert").map(([, one]) => one);
  const all = [...generated(t, now), ...added].filter(({ at }) => at <= now && at > now - RETENTION_MS);
  return all.map((one) => alertOf(t, one, { now, change: changes.get(one.id) })).toSorted((a, b) => b.at - a.at);
}

/** Raises an alert and answers its id. */
export function raiseAlert(
  world: World,
  t: DirectoryTenant,
  { at, title }: { at: number; title?: string | undefined },
): string {
  // Above any number of a generated one.
  const number = 2 ** 31 + countUp(world, t, "alert");
  const id = alertId(t, number);
  putOverlay(world, t, "alert", { key: id, value: { id, at, number, title } satisfies Added });
  return id;
}

/** Changes an alert, which updates its time too. */
export function changeAlert(
  world: World,
  t: DirectoryTenant,
  { id, fields }: { id: string; fields: AlertFields },
): void {
  const before = overlays<Change>(world, t, "alert-change", { prefix: id })[0]?.[1];
  const value: Change = { at: world.now(), fields: { ...before?.fields, ...fields } };
  putOverlay(world, t, "alert-change", { key: id, value });
}

function* generated(t: DirectoryTenant, now: number): Generator<Added> {
  const rate = t.users === 0 ? 0 : Math.min(0.5, 0.01 + t.users / 20_000);
  const last = Math.floor(now / HOUR_MS);
  for (let hour = last; hour >= last - RETENTION_MS / HOUR_MS; hour--) {
    if (fraction(t.seed, "alert", hour) >= rate) continue;
    const at = hour * HOUR_MS + Math.floor(fraction(t.seed, "alert-at", hour) * HOUR_MS);
    yield { id: alertId(t, hour), at, number: hour };
  }
}

function alertOf(
  t: DirectoryTenant,
  { id, at, number, title }: Added,
  { now, change }: { now: number; change: Change | undefined },
): Alert {
  const luck = (what: string) => fraction(t.seed, `alert-${what}`, number);
  const takenUp = at + Math.floor(luck("taken-up") * 2 * DAY_MS);
  const resolved = luck("left") < 0.2 ? Number.POSITIVE_INFINITY : takenUp + Math.floor(luck("resolved") * 8 * DAY_MS);
  const own = number < 2 ** 31 ? [at, takenUp, resolved].filter((one) => one <= now) : [at];
  const updatedAt = Math.max(...own, change?.at ?? 0);
  const status = ["new", "inProgress", "resolved"][own.length - 1] ?? "new";
  const state = { status, title, updatedAt, resolvedAt: status === "resolved" ? resolved : undefined, change };
  return { id, at, updatedAt, body: () => alertBody(t, { id, at, luck, ...state }) };
}

interface Raised {
  id: string;
  at: number;
  luck: (what: string) => number;
  status: string;
  title: string | undefined;
  updatedAt: number;
  resolvedAt: number | undefined;
  change: Change | undefined;
}

function alertBody(t: DirectoryTenant, raised: Raised): Record<string, unknown> {
  const { id, at, luck, title, updatedAt, change } = raised;
  const kind = pick(KINDS, luck("kind"));
  const status = change?.fields.status ?? raised.status;
  const resolvedAt = raised.resolvedAt ?? change?.at ?? updatedAt;
  return {
    "@odata.type": "#microsoft.graph.security.alert",
    id,
    providerAlertId: id,
    incidentId: String(Math.floor(luck("incident") * 10_000)),
    status,
    severity: pick(["informational", "low", "medium", "high", "unknown"], luck("severity")),
    classification: status === "resolved" ? pick(["truePositive", "falsePositive"], luck("class")) : null,
    determination: status === "resolved" ? pick(["malware", "notMalicious", "other"], luck("determined")) : null,
    serviceSource: kind.source,
    detectionSource: kind.detection,
    title: title ?? kind.title,
    description: `${kind.title} was seen.`,
    recommendedActions: "Verify the alert.\nReset the password.",
    category: kind.category,
    assignedTo: status === "new" ? null : generatedUser(t, 0).userPrincipalName,
    alertWebUrl: `https://security.microsoft.com/alerts/${id}?tid=${t.id}`,
    createdDateTime: isoTicks(at),
    lastUpdateDateTime: isoTicks(updatedAt),
    resolvedDateTime: status === "resolved" ? isoTicks(resolvedAt) : null,
    firstActivityDateTime: isoTicks(at - HOUR_MS),
    lastActivityDateTime: isoTicks(at),
    mitreTechniques: kind.techniques,
    evidence: evidenceOf(t, { at, luck }),
    comments: status === "new" ? [] : [{ comment: "Looking into it", createdDateTime: isoTicks(updatedAt) }],
    tenantId: t.id,
    ...change?.fields,
  };
}

// Evidence is of many types: each says its own.
function evidenceOf(t: DirectoryTenant, { at, luck }: Pick<Raised, "at" | "luck">): Record<string, unknown>[] {
  const base = { createdDateTime: isoTicks(at), verdict: "suspicious", remediationStatus: "none", roles: [], tags: [] };
  const user = generatedUser(t, Math.floor(luck("user") * Math.max(1, t.users)));
  const account = { azureAdUserId: user.id, userPrincipalName: user.userPrincipalName, displayName: user.displayName };
  const mdmId = registrationId(t, Math.floor(luck("device") * Math.max(1, t.devices)));
  return [
    { "@odata.type": "#microsoft.graph.security.userEvidence", ...base, userAccount: account },
    ...(t.devices > 0 && luck("on-device") < 0.6
      ? [
          {
            "@odata.type": "#microsoft.graph.security.deviceEvidence",
            ...base,
            azureAdDeviceId: mdmId,
            osPlatform: "Windows11",
          },
        ]
      : []),
    {
      "@odata.type": "#microsoft.graph.security.ipEvidence",
      ...base,
      ipAddress: "192.0.2.77",
      countryLetterCode: "SE",
    },
  ];
}

function alertId({ seed }: DirectoryTenant, number: number): string {
  const [high, low] = ["high", "low"].map((half) => Math.floor(fraction(seed, `alert-id-${half}`, number) * 1e9));
  return `da${String(number).padStart(10, "0")}${String(high).padStart(9, "0")}_${low}`;
}

function isoTicks(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "0000Z");
}

const KINDS = [
  {
    title: "Suspicious PowerShell command line",
    category: "Execution",
    source: "microsoftDefenderForEndpoint",
    detection: "microsoftDefenderForEndpoint",
    techniques: ["T1059.001"],
  },
  {
    title: "Email messages containing malicious URL removed after delivery",
    category: "InitialAccess",
    source: "microsoftDefenderForOffice365",
    detection: "microsoftDefenderForOffice365",
    techniques: ["T1566.002"],
  },
  {
    title: "Anonymous IP address",
    category: "InitialAccess",
    source: "azureAdIdentityProtection",
    detection: "azureAdIdentityProtection",
    techniques: ["T1090.003", "T1078"],
  },
];
