/** The logs as lists. No I/O. */
import { type Field, FLAG, ID, LIST, NUMBER, TEXT, TIME, type Listing } from "./fields.ts";

const recorded: Field = { kind: "recorded" };
const hiddenText: Field = { kind: "text", hidden: true };

/** Sign-ins. */
export const SIGN_INS: Listing = {
  fields: {
    id: ID,
    at: TIME,
    user: recorded,
    user_address: hiddenText,
    user_name: hiddenText,
    app: TEXT,
    app_id: TEXT,
    resource: TEXT,
    client: TEXT,
    ip: TEXT,
    error_code: NUMBER,
    failure_reason: TEXT,
    conditional_access: TEXT,
    risk_level: TEXT,
    risk_state: TEXT,
    interactive: FLAG,
    device_id: TEXT,
    device_name: TEXT,
    os: TEXT,
    browser: TEXT,
    city: TEXT,
    country: TEXT,
    correlation_id: TEXT,
  },
  specials: { user: { value: "id" }, result: { value: ["success", "failure"] } },
  search: ["user_name", "user_address"],
  indexes: {},
  sort: "-at",
};

/** What was done in the directory. */
export const DIRECTORY_AUDITS: Listing = {
  fields: {
    id: ID,
    at: TIME,
    category: TEXT,
    activity: TEXT,
    operation: TEXT,
    result: TEXT,
    result_reason: TEXT,
    service: TEXT,
    actor_type: TEXT,
    actor: recorded,
    actor_name: hiddenText,
    actor_address: hiddenText,
    target_type: TEXT,
    target: { kind: "recorded", nameOnly: true },
    target_name: hiddenText,
    correlation_id: TEXT,
    targets: { kind: "json" },
    details: { kind: "json" },
  },
  specials: { actor: { value: "id" }, target: { value: "id" } },
  search: ["actor_name", "actor_address", "target_name"],
  indexes: {},
  sort: "-at",
};

/** Alerts of Defender. */
export const ALERTS: Listing = {
  fields: {
    id: ID,
    at: TIME,
    updated_at: TIME,
    title: TEXT,
    description: TEXT,
    severity: TEXT,
    status: TEXT,
    category: TEXT,
    classification: TEXT,
    determination: TEXT,
    source: TEXT,
    detection: TEXT,
    assigned_to: TEXT,
    url: TEXT,
    incident_id: TEXT,
    first_activity_at: TIME,
    last_activity_at: TIME,
    resolved_at: TIME,
    techniques: LIST,
    evidence: { kind: "json" },
  },
  specials: {},
  search: ["title"],
  indexes: {},
  sort: "-at",
};
