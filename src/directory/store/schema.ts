/**
 * The tables of one tenant's copy, in the SQLite of its own object. Steps are only ever added at the end; each object
 * brings itself up to date when it wakes. Every stored shape is described in docs/storage.md.
 *
 * An object of the directory has a small number `n` here, its node: what refers to it (members, managers, devices'
 * users) may arrive before it does, and waits for it by that number. What the tenant no longer has stays as a row with
 * `gone_at`, for the history and in case it is restored; every index that lists are read by leaves such rows out.
 */
import type { Sql } from "./sql.ts";

/** What a node is. */
export const NODE_TYPES = { other: 0, user: 1, group: 2, device: 3, servicePrincipal: 4, orgContact: 5 } as const;

/** What an edge from a group to a node says. */
export const EDGE_ROLES = { member: 1, owner: 2 } as const;

const FIRST = `
CREATE TABLE nodes (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type INTEGER NOT NULL);

CREATE TABLE users (
  n INTEGER PRIMARY KEY, since INTEGER NOT NULL, gone_at INTEGER, gone TEXT,
  name TEXT, given_name TEXT, surname TEXT, address TEXT, mail TEXT, upn TEXT, type TEXT, enabled INTEGER,
  department TEXT, job_title TEXT, company TEXT, employee_id TEXT, employee_type TEXT, office TEXT, city TEXT,
  country TEXT, usage_location TEXT, language TEXT, mobile_phone TEXT, business_phones TEXT, proxy_addresses TEXT,
  other_mails TEXT, licences TEXT, on_premises INTEGER, created_at INTEGER, password_changed_at INTEGER,
  sessions_valid_from INTEGER, external_state TEXT, manager_n INTEGER,
  last_sign_in_at INTEGER, last_non_interactive_at INTEGER, last_success_at INTEGER);
CREATE INDEX users_name ON users (name COLLATE NOCASE, n) WHERE gone_at IS NULL;
CREATE INDEX users_gone ON users (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX users_address ON users (address COLLATE NOCASE, n) WHERE gone_at IS NULL;
CREATE INDEX users_upn ON users (upn COLLATE NOCASE, n) WHERE gone_at IS NULL;
CREATE INDEX users_manager ON users (manager_n) WHERE manager_n IS NOT NULL;

CREATE TABLE groups (
  n INTEGER PRIMARY KEY, since INTEGER NOT NULL, gone_at INTEGER, gone TEXT,
  name TEXT, description TEXT, kind TEXT, dynamic INTEGER, rule TEXT, rule_state TEXT, mail TEXT, mail_nickname TEXT,
  mail_enabled INTEGER, security_enabled INTEGER, visibility TEXT, role_assignable INTEGER, on_premises INTEGER,
  created_at INTEGER);
CREATE INDEX groups_name ON groups (name COLLATE NOCASE, n) WHERE gone_at IS NULL;
CREATE INDEX groups_gone ON groups (gone_at) WHERE gone_at IS NOT NULL;

CREATE TABLE edges (
  e INTEGER PRIMARY KEY, group_n INTEGER NOT NULL, role INTEGER NOT NULL, member_n INTEGER NOT NULL,
  since INTEGER NOT NULL, UNIQUE (group_n, role, member_n));
CREATE INDEX edges_member ON edges (member_n, role);

CREATE TABLE devices (
  n INTEGER PRIMARY KEY, since INTEGER NOT NULL, gone_at INTEGER, gone TEXT,
  registration_id TEXT, entra_id TEXT UNIQUE, intune_id TEXT UNIQUE,
  name TEXT, os TEXT, os_version TEXT, trust_type TEXT, enabled INTEGER, entra_compliant INTEGER, entra_managed INTEGER,
  rooted INTEGER, profile_type TEXT, registered_at INTEGER, last_seen_at INTEGER, on_premises INTEGER,
  compliance TEXT, grace_until INTEGER, ownership TEXT, managed_name TEXT, last_sync_at INTEGER, enrolled_at INTEGER,
  agent TEXT, registration_state TEXT, enrollment_type TEXT, serial TEXT, model TEXT, manufacturer TEXT,
  encrypted INTEGER, supervised INTEGER, jail_broken TEXT, storage_total INTEGER, storage_free INTEGER,
  threat_state TEXT, user_n INTEGER, user_address TEXT, shadow TEXT);
CREATE UNIQUE INDEX devices_registration ON devices (registration_id) WHERE registration_id IS NOT NULL;
CREATE INDEX devices_name ON devices (name COLLATE NOCASE, n) WHERE gone_at IS NULL;
CREATE INDEX devices_gone ON devices (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX devices_user ON devices (user_n) WHERE user_n IS NOT NULL;

CREATE TABLE sign_ins (
  s INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, user_id TEXT, user_address TEXT, user_name TEXT,
  app TEXT, app_id TEXT, resource TEXT, client TEXT, ip TEXT, error_code INTEGER, failure_reason TEXT,
  conditional_access TEXT, risk_level TEXT, risk_state TEXT, interactive INTEGER, device_id TEXT, device_name TEXT,
  os TEXT, browser TEXT, city TEXT, country TEXT, correlation_id TEXT);
CREATE INDEX sign_ins_at ON sign_ins (at, s);
CREATE INDEX sign_ins_user ON sign_ins (user_id, at);

CREATE TABLE directory_audits (
  s INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, category TEXT, activity TEXT, operation TEXT,
  result TEXT, result_reason TEXT, service TEXT, actor_type TEXT, actor_id TEXT, actor_name TEXT, actor_address TEXT,
  target_id TEXT, target_type TEXT, target_name TEXT, correlation_id TEXT, targets TEXT, details TEXT);
CREATE INDEX directory_audits_at ON directory_audits (at, s);

CREATE TABLE alerts (
  s INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, updated_at INTEGER, title TEXT,
  description TEXT, severity TEXT, status TEXT, category TEXT, classification TEXT, determination TEXT, source TEXT,
  detection TEXT, assigned_to TEXT, url TEXT, incident_id TEXT, first_activity_at INTEGER, last_activity_at INTEGER,
  resolved_at INTEGER, techniques TEXT, evidence TEXT);
CREATE INDEX alerts_at ON alerts (at, s);

CREATE TABLE licences (
  id TEXT PRIMARY KEY, name TEXT, status TEXT, consumed INTEGER, enabled INTEGER, suspended INTEGER, warning INTEGER)
  WITHOUT ROWID;

CREATE TABLE changes (
  c INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, n INTEGER NOT NULL, what TEXT NOT NULL, diff TEXT);
CREATE INDEX changes_node ON changes (n, c);

CREATE TABLE resources (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE staged (kind TEXT NOT NULL, n INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (kind, n)) WITHOUT ROWID;
CREATE TABLE marks (name TEXT NOT NULL, chunk INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (name, chunk)) WITHOUT ROWID;
CREATE TABLE set_aside (
  a INTEGER PRIMARY KEY, run TEXT NOT NULL, resource TEXT NOT NULL, at INTEGER NOT NULL, id TEXT, reason TEXT NOT NULL);
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE runs (
  r INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, cause TEXT NOT NULL, status TEXT NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER, value TEXT NOT NULL);
CREATE TABLE tasks (
  r INTEGER NOT NULL, resource TEXT NOT NULL, state TEXT NOT NULL, due_at INTEGER NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (r, resource)) WITHOUT ROWID;
`;

/**
 * What the past is asked by. Edges that have ended, until when, found by both of their ends. And the values that the
 * columns with a sorted index had before a change, sorted like those, so that a page of the past is walked in its order;
 * only changes of such a column write there.
 */
const PAST = `
CREATE TABLE ended_edges (
  x INTEGER PRIMARY KEY, group_n INTEGER NOT NULL, role INTEGER NOT NULL, member_n INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE INDEX ended_edges_group ON ended_edges (group_n, role);
CREATE INDEX ended_edges_member ON ended_edges (member_n, role);
${["name", "address", "upn"]
  .map(
    (column) => `CREATE INDEX changes_${column} ON changes (kind, (diff ->> '$.${column}[0]') COLLATE NOCASE, n, c)
  WHERE kind IN ('users', 'groups', 'devices') AND json_type(diff, '$.${column}') IS NOT NULL;`,
  )
  .join("\n")}
`;

/** Failed sign-ins, with what is told of them in sum. The others, which are most, write nothing here. */
const FAILED = `
CREATE INDEX sign_ins_failed ON sign_ins (at, s, error_code, failure_reason) WHERE error_code <> 0;
`;

const STEPS: readonly string[] = [FIRST, PAST, FAILED];

/** Brings the tables up to date. Idempotent; one transaction. */
export function migrate(sql: Sql): void {
  sql.transaction(() => {
    sql.run("CREATE TABLE IF NOT EXISTS steps (step INTEGER PRIMARY KEY)");
    const done = sql.first<{ last: number | null }>("SELECT max(step) AS last FROM steps")?.last ?? 0;
    for (const [index, step] of STEPS.entries()) {
      if (index < done) continue;
      sql.run(step);
      sql.run("INSERT INTO steps (step) VALUES (?)", index + 1);
    }
  });
}
