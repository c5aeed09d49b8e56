/** Users, groups and devices as lists, and the members of a group. No I/O. */
import { NODE_TYPES } from "../store/schema.ts";
import { type Field, FLAG, ID, LIST, NUMBER, TEXT, TIME, type Listing } from "./fields.ts";

const noisyTime: Field = { kind: "time", unrecorded: true };

/** Users. */
export const USERS: Listing = {
  fields: {
    id: ID,
    name: TEXT,
    given_name: TEXT,
    surname: TEXT,
    address: TEXT,
    mail: TEXT,
    upn: TEXT,
    type: TEXT,
    enabled: FLAG,
    department: TEXT,
    job_title: TEXT,
    company: TEXT,
    employee_id: TEXT,
    employee_type: TEXT,
    office: TEXT,
    city: TEXT,
    country: TEXT,
    usage_location: TEXT,
    language: TEXT,
    mobile_phone: TEXT,
    business_phones: LIST,
    proxy_addresses: LIST,
    other_mails: LIST,
    licences: { kind: "licences" },
    on_premises: FLAG,
    created_at: TIME,
    password_changed_at: TIME,
    sessions_valid_from: TIME,
    external_state: TEXT,
    manager: { kind: "user", column: "manager_n" },
    last_sign_in_at: noisyTime,
    last_non_interactive_at: noisyTime,
    last_success_at: noisyTime,
  },
  specials: {
    id: { value: "id" },
    licence: { value: "text" },
    manager: { value: "id" },
    group: { value: "id" },
    inactive_days: { value: "days", presentOnly: true },
    never_signed_in: { value: "flag", presentOnly: true },
    has_devices: { value: "flag", presentOnly: true },
  },
  search: ["name", "address", "upn"],
  indexes: { name: "users_name", address: "users_address", upn: "users_upn" },
  sort: "name",
};

/** Groups. */
export const GROUPS: Listing = {
  fields: {
    id: ID,
    name: TEXT,
    description: TEXT,
    kind: TEXT,
    dynamic: FLAG,
    rule: TEXT,
    rule_state: TEXT,
    mail: TEXT,
    mail_nickname: TEXT,
    mail_enabled: FLAG,
    security_enabled: FLAG,
    visibility: TEXT,
    role_assignable: FLAG,
    on_premises: FLAG,
    created_at: TIME,
  },
  specials: { id: { value: "id" } },
  search: ["name", "mail"],
  indexes: { name: "groups_name" },
  sort: "name",
};

/** Devices: what Entra and Intune know of one, in one row. */
export const DEVICES: Listing = {
  fields: {
    id: ID,
    registration_id: TEXT,
    entra_id: TEXT,
    intune_id: TEXT,
    managed: { kind: "present", column: "intune_id" },
    name: TEXT,
    os: TEXT,
    os_version: TEXT,
    trust_type: TEXT,
    enabled: FLAG,
    entra_compliant: FLAG,
    entra_managed: FLAG,
    rooted: FLAG,
    profile_type: TEXT,
    registered_at: TIME,
    last_seen_at: noisyTime,
    on_premises: FLAG,
    compliance: TEXT,
    grace_until: TIME,
    ownership: TEXT,
    managed_name: TEXT,
    last_sync_at: noisyTime,
    enrolled_at: TIME,
    agent: TEXT,
    registration_state: TEXT,
    enrollment_type: TEXT,
    serial: TEXT,
    model: TEXT,
    manufacturer: TEXT,
    encrypted: FLAG,
    supervised: FLAG,
    jail_broken: TEXT,
    storage_total: NUMBER,
    storage_free: { kind: "number", unrecorded: true },
    threat_state: TEXT,
    user: { kind: "user", column: "user_n" },
    user_address: TEXT,
  },
  specials: { id: { value: "id" }, user: { value: "id" } },
  search: ["name", "serial", "user_address"],
  indexes: { name: "devices_name" },
  sort: "name",
};

/** The groups of a user tell whether the user is in them directly. */
export const GROUPS_OF_A_USER: Listing = { ...GROUPS, fields: { ...GROUPS.fields, direct: { kind: "edge" } } };

/** Members and owners of a group. */
export const MEMBERS: Listing = {
  fields: { id: ID, type: TEXT, name: TEXT, address: TEXT, direct: { kind: "edge" } },
  specials: { type: { value: Object.keys(NODE_TYPES) }, direct: { value: "flag" } },
  search: ["name", "address"],
  indexes: {},
  sort: "",
};
