/** A tenant of any size, written straight into the tables: what lists are measured and tested on. */
import type { Sql } from "../../src/directory/store/sql.ts";

/** How much of what. Users have the nodes 1 to `users`, groups the next ones, then devices. */
export interface Size {
  readonly users: number;
  readonly groups: number;
  /** Memberships beside the nest. */
  readonly members: number;
  readonly devices: number;
  readonly signIns: number;
  /** Users below the first group: it holds groups that hold them, and the last of those holds the first again. */
  readonly nested: number;
}

/** Noon of the day that the seeded tenant ends on, ms. */
export const SEEDED_UNTIL = Date.UTC(2026, 10, 20, 12);

const DAY_MS = 86_400_000;
const SINCE = SEEDED_UNTIL - 200 * DAY_MS;

/** The id of a seeded node. */
export function seededId(n: number): string {
  const hash = ((n * 7_919) % 0xffffffff).toString(16).padStart(8, "0");
  return `${hash}-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** Writes a tenant. The tables must be there and empty. */
export function seed(sql: Sql, size: Size): void {
  sql.transaction(() => {
    writeNodes(sql, size);
    writeUsers(sql, size);
    writeGroups(sql, size);
    writeEdges(sql, size);
    writeDevices(sql, size);
    writeSignIns(sql, size);
    for (const [index, name] of LICENCES.entries())
      sql.run("INSERT INTO licences VALUES (?, ?, 'Enabled', 10, 25, 0, 0)", `sku-${index}`, name);
    for (const name of ["users", "groups", "devices", "sign_in_activity", "sign_ins"])
      sql.run(
        "INSERT INTO resources VALUES (?, ?)",
        name,
        JSON.stringify({ history_from: SINCE, readAt: SEEDED_UNTIL }),
      );
  });
}

const LICENCES = ["ENTERPRISEPACK", "EMS", "POWER_BI_PRO"];

const numbers = (count: string) => `WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < ${count})`;
const pick = (list: readonly string[], by: string) =>
  `CASE (${by}) % ${list.length} ${list.map((one, index) => `WHEN ${index} THEN '${one}'`).join(" ")} END`;
const idOf = (n: string) => `printf('%08x-0000-4000-8000-%012x', (${n}) * 7919 % 4294967295, ${n})`;

const FIRST_NAMES = ["Ana", "Bo", "Chidi", "Dagny", "Élodie", "Femi", "Grace", "Hedy", "Ida", "José", "Kai", "Lena"];
const LAST_NAMES = ["Abe", "Brandt", "Costa", "Diop", "Eriksen", "Fonseca", "Ghosh", "Haas", "Ito", "Jansen", "Kovacs"];
const DEPARTMENTS = ["Sales", "Finance", "IT", "Legal", "Support", "Research", "Operations", "Marketing", "HR"];

function writeNodes(sql: Sql, { users, groups, devices }: Size): void {
  sql.run(
    `${numbers("?1")} INSERT INTO nodes SELECT i, ${idOf("i")}, CASE WHEN i <= ?2 THEN 1 WHEN i <= ?3 THEN 2 ELSE 3 END FROM k`,
    users + groups + devices,
    users,
    users + groups,
  );
}

function writeUsers(sql: Sql, { users }: Size): void {
  if (users === 0) return;
  const first = pick(FIRST_NAMES, "i * 7 / 3");
  const last = pick(LAST_NAMES, "i * 13 / 5");
  const mail = `lower(${first} || '.' || ${last} || '.' || i || '@contoso.example')`;
  sql.run(
    `${numbers("?1")} INSERT INTO users SELECT i, ?2, NULL, NULL,
      ${first} || ' ' || ${last} || ' ' || i, ${first}, ${last}, ${mail}, ${mail}, ${mail},
      CASE WHEN i % 20 = 7 THEN 'Guest' ELSE 'Member' END, i % 25 <> 3,
      ${pick(DEPARTMENTS, "i / 3")}, 'Title ' || (i % 60), 'Contoso', 'E' || i, 'Employee', 'Building ' || (i % 40),
      ${pick(["Lisbon", "Oslo", "Kyoto", "Lagos"], "i")}, ${pick(["PT", "NO", "JP", "NG"], "i")}, 'PT', 'en-GB',
      '+351 900 ' || i, '["+351 210 ' || i || '"]', '["SMTP:' || ${mail} || '","smtp:u' || i || '@contoso.example"]',
      '[]', CASE i % 4 WHEN 0 THEN '[]' WHEN 1 THEN '["sku-0"]' WHEN 2 THEN '["sku-0","sku-1"]' ELSE NULL END, i % 3 = 0,
      ?2 - i % 1000 * ${DAY_MS}, ?2, ?2, NULL, CASE WHEN i > 10 THEN i / 10 END,
      CASE WHEN i % 6 > 0 THEN ?3 - (i * 37 % 120) * ${DAY_MS} - i END,
      CASE WHEN i % 7 > 0 THEN ?3 - (i * 37 % 120) * ${DAY_MS} - i END, NULL FROM k`,
    users,
    SINCE,
    SEEDED_UNTIL,
  );
}

function writeGroups(sql: Sql, { users, groups }: Size): void {
  if (groups === 0) return;
  sql.run(
    `${numbers("?1")} INSERT INTO groups SELECT ?2 + i, ?3, NULL, NULL,
      ${pick(DEPARTMENTS, "i")} || ' team ' || i, 'What they share', ${pick(["m365", "security", "distribution", "mail_security"], "i")},
      i % 9 = 0, NULL, NULL, 'team' || i || '@contoso.example', 'team' || i, 1, i % 2, 'Private', 0, 0, ?3 - i * 3600000 FROM k`,
    groups,
    users,
    SINCE,
  );
}

function writeEdges(sql: Sql, { users, groups, members, nested }: Size): void {
  const insert = "INSERT OR IGNORE INTO edges (group_n, role, member_n, since)";
  if (nested > 0) {
    const halls = Math.max(1, Math.ceil(nested / 1000));
    sql.run(`${numbers("?1")} ${insert} SELECT ?2 + 1, 1, ?2 + 1 + i, ${SINCE} FROM k`, halls, users);
    sql.run(`${insert} VALUES (?, 1, ?, ${SINCE})`, users + 1 + halls, users + 1);
    sql.run(`${numbers("?1")} ${insert} SELECT ?2 + 2 + (i - 1) / 1000, 1, i, ${SINCE} FROM k`, nested, users);
  }
  if (members === 0) return;
  sql.run(
    `${numbers("?1")} ${insert} SELECT ?2 + 30 + (i * 31) % (?3 - 30), 1, 1 + (i * 17 + i / ?2) % ?2, ${SINCE} FROM k`,
    members,
    users,
    groups,
  );
  sql.run(`${numbers("?1")} ${insert} SELECT ?2 + i, 2, 1 + i % ?2, ${SINCE} FROM k`, groups, users);
}

function writeDevices(sql: Sql, { users, groups, devices }: Size): void {
  if (devices === 0) return;
  const id = idOf("(?2 + i)");
  const os = pick(["Windows", "Windows", "iOS", "Android", "macOS"], "i");
  sql.run(
    `${numbers("?1")} INSERT INTO devices (n, since, registration_id, entra_id, intune_id, name, os, os_version, trust_type,
      enabled, entra_compliant, entra_managed, registered_at, last_seen_at, compliance, ownership, last_sync_at, enrolled_at,
      serial, model, manufacturer, encrypted, storage_total, storage_free, user_n, user_address)
    SELECT ?2 + i, ?3, 'r' || ${id}, CASE WHEN i % 9 THEN ${id} END, CASE WHEN i % 5 THEN 'm' || ${id} END,
      'PC-' || printf('%06d', i * 7919 % 1000000), ${os}, '10.' || (i % 30), 'AzureAd', 1, i % 3 = 0, i % 5 > 0, ?3 - i,
      ?4 - i * 1000, CASE WHEN i % 5 THEN ${pick(["compliant", "compliant", "noncompliant", "inGracePeriod"], "i")} END,
      CASE WHEN i % 5 THEN ${pick(["company", "personal"], "i / 2")} END, ?4 - i * 1000, ?3, 'S' || i, 'Model ' || (i % 20), 'Maker',
      i % 2, 256000000000, 128000000000, 1 + i % ?5, NULL FROM k`,
    devices,
    users + groups,
    SINCE,
    SEEDED_UNTIL,
    Math.max(users, 1),
  );
}

function writeSignIns(sql: Sql, { users, signIns }: Size): void {
  if (signIns === 0) return;
  sql.run(
    `${numbers("?1")} INSERT INTO sign_ins (id, at, user_id, user_address, user_name, app, app_id, resource, client, ip,
      error_code, failure_reason, conditional_access, interactive, os, browser, city, country)
    SELECT 's' || i, ?2 - (?1 - i) * 8000, ${idOf("(1 + i % ?3)")}, 'u@contoso.example', 'A user', 'Office', 'app', 'Graph', 'Browser',
      '192.0.2.' || (i % 250), CASE WHEN i % 10 = 0 THEN 50126 WHEN i % 37 = 0 THEN 53003 ELSE 0 END,
      CASE WHEN i % 10 = 0 THEN 'Invalid user name or password' WHEN i % 37 = 0 THEN 'Blocked by Conditional Access' END,
      'success', 1, 'Windows', 'Edge', 'Oslo', 'NO' FROM k`,
    signIns,
    SEEDED_UNTIL,
    Math.max(users, 1),
  );
}
