/** Where the copy differs from the tenant. Each function gives what differs, in words; nothing where all is equal. */
import type { Sql } from "../../src/directory/store/sql.ts";
import { shownAlerts, shownDevices, shownEdges, shownGroups, shownLicences, shownLog, shownUsers } from "./copy.ts";
import {
  expectedAlerts,
  expectedDevices,
  expectedEdges,
  expectedGroups,
  expectedLicences,
  expectedLog,
  expectedManaged,
  expectedSignIns,
  expectedUsers,
  type Row,
  SHARED,
} from "./expected.ts";
import type { Tenant } from "./tenant.ts";

const ALERTS_KEPT_MS = 80 * 86_400_000;

/** What is compared. */
export interface Sides {
  readonly sql: Sql;
  readonly tenant: Tenant;
}

/** What the copy may not know, by link, or by the user whose manager it is. */
export type Unknown = Pick<ReadonlySet<string>, "has">;

/** Users, their properties and managers. */
export function usersApart({ sql, tenant }: Sides, untold: Unknown = new Set()): string[] {
  const expected = expectedUsers(tenant);
  for (const [id, row] of expected) if (untold.has(id)) delete row["manager"];
  return apart("user", expected, shownUsers(sql));
}

/** Users' last sign-ins, of those who are in the copy. */
export function signInsApart({ sql, tenant }: Sides): string[] {
  const shown = shownUsers(sql);
  const expected = [...expectedSignIns(tenant)].filter(([id]) => shown.has(id));
  return apart("sign-in activity", new Map(expected), new Map(expected.map(([id]) => [id, shown.get(id) ?? {}])));
}

/** Groups and their properties. */
export function groupsApart({ sql, tenant }: Sides): string[] {
  return apart("group", expectedGroups(tenant), shownGroups(sql));
}

/** Members and owners. `about`: whether the copy is to be right about that member; `untold`: links that it may not know. */
export function edgesApart({ sql, tenant }: Sides, about: (member: string) => boolean, untold: Unknown): string[] {
  const [expected, shown] = [expectedEdges(tenant), shownEdges(sql)];
  const counts = (edge: string) => about(edge.split(" ")[2] ?? "");
  return [
    ...[...expected]
      .filter((edge) => !shown.has(edge) && !untold.has(edge) && counts(edge))
      .map((edge) => `link ${edge} is not in the copy`),
    ...[...shown]
      .filter((edge) => !expected.has(edge) && !untold.has(edge) && counts(edge))
      .map((edge) => `link ${edge} is in the copy alone`),
  ];
}

/** What Entra says of devices. */
export function devicesApart({ sql, tenant }: Sides): string[] {
  const rows = shownDevices(sql);
  const managed = expectedManaged(tenant);
  const expected = expectedDevices(tenant);
  const shown = new Map(rows.filter((row) => row["entra_id"] !== null).map((row) => [String(row["entra_id"]), row]));
  // Where Intune has a word too, that is what the row shows.
  for (const [id, row] of expected) {
    const record = shown.get(id)?.["intune_id"] ?? null;
    if (record !== null) for (const column of SHARED) delete row[column];
    if (record !== null && !managed.has(String(record))) delete row["registration_id"];
  }
  return [
    ...apart("device", expected, shown),
    ...rows
      .filter((row) => row["entra_id"] === null && row["intune_id"] === null)
      .map((row) => `device ${String(row["node"])} is nobody's`),
  ];
}

/** What Intune says of devices. */
export function managedApart({ sql, tenant }: Sides): string[] {
  const rows = shownDevices(sql);
  const shown = new Map(rows.filter((row) => row["intune_id"] !== null).map((row) => [String(row["intune_id"]), row]));
  const users = expectedUsers(tenant);
  const entra = expectedDevices(tenant);
  const expected = expectedManaged(tenant);
  for (const [id, row] of expected) {
    // A user who is gone for good is nobody's link; one who is gone for now may be.
    if (!users.has(String(row["user"]))) delete row["user"];
    const there = shown.get(id);
    for (const column of SHARED) row[column] ??= entra.get(String(there?.["entra_id"]))?.[column] ?? null;
    // Of several records of one registration one alone has it.
    if (there?.["registration_id"] === null) delete row["registration_id"];
  }
  return apart("managed device", expected, shown);
}

/** Each registration that Entra and Intune both know is one row; one that is known at all is held by one row. */
export function joinsApart({ sql, tenant }: Sides): string[] {
  const [rows, entra, managed] = [shownDevices(sql), expectedDevices(tenant), expectedManaged(tenant)];
  const known = new Set([...managed.values()].map((row) => row["registration_id"] ?? null));
  const registered = new Map([...entra].map(([id, row]) => [row["registration_id"] ?? null, id]));
  const wrong: string[] = [];
  for (const registration of known) {
    if (registration === null) continue;
    const holders = rows.filter((row) => row["registration_id"] === registration);
    const [holder] = holders;
    if (holders.length !== 1 || holder?.["intune_id"] === null)
      wrong.push(
        `registration ${registration} is held by ${holders.length} rows, Intune's is ${String(holder?.["intune_id"])}`,
      );
    const object = registered.get(registration);
    if (object !== undefined && holder?.["entra_id"] !== object)
      wrong.push(`registration ${registration} is not joined with device ${object}`);
  }
  return wrong;
}

/** The products that the tenant has bought. */
export function licencesApart({ sql, tenant }: Sides): string[] {
  return apart("licence", expectedLicences(tenant), shownLicences(sql));
}

/** A log: nothing between `from` and `until`, ms, may be missing, and nothing may be there that never happened. */
export function logApart(
  { sql, tenant }: Sides,
  kind: "sign_ins" | "directory_audits",
  { from, until, keptFrom }: { readonly from: number; readonly until: number; readonly keptFrom: number },
): string[] {
  const expected = expectedLog(tenant, kind, 0);
  const shown = shownLog(sql, kind);
  const missing = [...expected].filter(([id, at]) => at >= from && at <= until && !shown.has(id));
  const made = [...shown].filter(([id, at]) => at >= keptFrom && !expected.has(id));
  return [
    ...missing.map(([id, at]) => `${kind}: ${id} of ${new Date(at).toISOString()} is missing`),
    ...made.map(([id]) => `${kind}: ${id} never happened`),
  ];
}

/** Alerts that were last changed at or before `until`, ms, and not so long ago that they are forgotten here. */
export function alertsApart({ sql, tenant }: Sides, until: number): string[] {
  const changed = ({ updated_at: at }: Row) => Number(at) <= until && Number(at) > until - ALERTS_KEPT_MS;
  const due = [...expectedAlerts(tenant)].filter(([, row]) => changed(row));
  const shown = shownAlerts(sql);
  return apart(
    "alert",
    new Map(due),
    new Map(due.flatMap(([id]) => (shown.has(id) ? [[id, shown.get(id) ?? {}]] : []))),
  );
}

function apart(what: string, expected: ReadonlyMap<string, Row>, shown: ReadonlyMap<string, Row>): string[] {
  const wrong: string[] = [];
  for (const id of shown.keys()) if (!expected.has(id)) wrong.push(`${what} ${id} is in the copy alone`);
  for (const [id, row] of expected) {
    const there = shown.get(id);
    if (!there) {
      wrong.push(`${what} ${id} is not in the copy`);
      continue;
    }
    for (const [column, value] of Object.entries(row))
      if ((there[column] ?? null) !== value)
        wrong.push(
          `${what} ${id}: ${column} is ${JSON.stringify(there[column] ?? null)}, and should be ${JSON.stringify(value)}`,
        );
  }
  return wrong;
}
