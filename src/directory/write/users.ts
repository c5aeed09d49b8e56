/** The page of users. */
import { NODE_TYPES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import type { Values } from "./bulk.ts";
import { columnsOf, flag, type Reader, text, texts, time, valuesOf } from "./columns.ts";
import { graves } from "./graves.ts";
import { isObject, readItems } from "./item.ts";
import type { Nodes } from "./nodes.ts";
import { type ObjectKind, type Sighting, writeObjects } from "./objects.ts";
import type { PageInput, PageResult } from "./page.ts";
import { type RelationEntry, relationOf, tombstoneOf } from "./relations.ts";

/** The products that are assigned to somebody: their skuIds, sorted, as JSON. */
const skus: Reader = (value) => {
  if (!Array.isArray(value)) return undefined;
  const ids = (value as unknown[]).map((licence) => (isObject(licence) ? licence["skuId"] : undefined));
  return ids.every((id) => typeof id === "string") ? texts(ids.toSorted()) : undefined;
};

const COLUMNS = columnsOf({
  name: ["displayName", text],
  given_name: ["givenName", text],
  surname: ["surname", text],
  mail: ["mail", text],
  upn: ["userPrincipalName", text],
  type: ["userType", text],
  enabled: ["accountEnabled", flag],
  department: ["department", text],
  job_title: ["jobTitle", text],
  company: ["companyName", text],
  employee_id: ["employeeId", text],
  employee_type: ["employeeType", text],
  office: ["officeLocation", text],
  city: ["city", text],
  country: ["country", text],
  usage_location: ["usageLocation", text],
  language: ["preferredLanguage", text],
  mobile_phone: ["mobilePhone", text],
  business_phones: ["businessPhones", texts],
  proxy_addresses: ["proxyAddresses", texts],
  other_mails: ["otherMails", texts],
  licences: ["assignedLicenses", skus],
  on_premises: ["onPremisesSyncEnabled", flag],
  created_at: ["createdDateTime", time],
  password_changed_at: ["lastPasswordChangeDateTime", time],
  sessions_valid_from: ["signInSessionsValidFromDateTime", time],
  external_state: ["externalUserState", text],
});

interface UserSighting extends Sighting {
  readonly manager: readonly RelationEntry[];
}

/** Users, tombstones and managers of one page. */
export function writeUsers(sql: Sql, page: PageInput): PageResult {
  const { read: sightings, setAside } = readItems(page.items, (item, id): UserSighting => {
    const removed = tombstoneOf(item);
    return {
      id,
      removed,
      values: removed ? {} : valuesOf(item, COLUMNS),
      manager: removed ? [] : relationOf(item, "manager@delta"),
    };
  });
  const buried = graves(
    sql,
    sightings.flatMap(({ manager }) => manager.map(({ id }) => id)),
  );
  const { written, staged } = writeObjects(sql, page, { kind: kindOf(buried), sightings });
  return { seen: sightings.length, written, staged, setAside };
}

function kindOf(buried: ReadonlySet<string>): ObjectKind<UserSighting> {
  return {
    kind: "users",
    type: NODE_TYPES.user,
    columns: [...COLUMNS.map(({ column }) => column), "address", "manager_n"],
    indexed: new Set(["name", "address", "upn", "manager_n", "gone_at"]),
    refersTo: ({ manager }) => manager.map(({ id }) => id),
    settle: (values, { manager }, nodes) => {
      values["address"] = values["mail"] ?? values["upn"] ?? null;
      for (const entry of manager) manage(values, entry, { nodes, buried });
    },
  };
}

/** Who has another manager may be told of the old one's end after the new one. */
function manage(
  values: Values,
  { id, type, added }: RelationEntry,
  { nodes, buried }: { readonly nodes: Nodes; readonly buried: ReadonlySet<string> },
): void {
  if (added) values["manager_n"] = buried.has(id) ? null : nodes.intern(id, type);
  else if (nodes.find(id) === values["manager_n"]) values["manager_n"] = null;
}
