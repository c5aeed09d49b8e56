/** The page of groups, with the members and owners that it tells. */
import { EDGE_ROLES, NODE_TYPES } from "../store/schema.ts";
import type { Sql, SqlValue } from "../store/sql.ts";
import type { Values } from "./bulk.ts";
import { columnsOf, flag, text, texts, time, valuesOf } from "./columns.ts";
import { type EdgeWord, writeEdges } from "./edges.ts";
import { readItems } from "./item.ts";
import { openNodes } from "./nodes.ts";
import { type ObjectKind, type Sighting, writeObjects } from "./objects.ts";
import type { PageInput, PageResult } from "./page.ts";
import { type RelationEntry, relationOf, tombstoneOf } from "./relations.ts";

const COLUMNS = columnsOf({
  name: ["displayName", text],
  description: ["description", text],
  rule: ["membershipRule", text],
  rule_state: ["membershipRuleProcessingState", text],
  mail: ["mail", text],
  mail_nickname: ["mailNickname", text],
  mail_enabled: ["mailEnabled", flag],
  security_enabled: ["securityEnabled", flag],
  visibility: ["visibility", text],
  role_assignable: ["isAssignableToRole", flag],
  on_premises: ["onPremisesSyncEnabled", flag],
  created_at: ["createdDateTime", time],
});
const TYPES = columnsOf({ types: ["groupTypes", texts] });

interface GroupSighting extends Sighting {
  /** Undefined where the item does not tell. */
  readonly types: string | null | undefined;
  readonly members: readonly RelationEntry[];
  readonly owners: readonly RelationEntry[];
}

const GROUPS: ObjectKind<GroupSighting> = {
  kind: "groups",
  type: NODE_TYPES.group,
  columns: [...COLUMNS.map(({ column }) => column), "kind", "dynamic"],
  indexed: new Set(["name", "gone_at"]),
  refersTo: () => [],
  settle: (values, { types }) => {
    const unified = types === undefined ? values["kind"] === "m365" : Boolean(types?.includes('"Unified"'));
    values["kind"] = unified ? "m365" : kindOf(values);
    if (types === undefined) values["dynamic"] ??= 0;
    else values["dynamic"] = Number(types?.includes('"DynamicMembership"') ?? false);
  },
};

/** Groups, tombstones and edges of one page. */
export function writeGroups(sql: Sql, page: PageInput): PageResult {
  const { read: sightings, setAside } = readItems(page.items, (item, id): GroupSighting => {
    const removed = tombstoneOf(item);
    if (removed) return { id, removed, values: {}, types: undefined, members: [], owners: [] };
    const types = valuesOf(item, TYPES)["types"];
    return {
      id,
      removed,
      values: valuesOf(item, COLUMNS),
      types: types === undefined ? undefined : textOf(types),
      members: relationOf(item, "members@delta"),
      owners: relationOf(item, "owners@delta"),
    };
  });
  const { written, staged } = writeObjects(sql, page, { kind: GROUPS, sightings });
  const edges = writeEdges(sql, page, edgeWords(sql, sightings));
  return { seen: sightings.length, written: written + edges, staged, setAside };
}

/** Microsoft's table "group types": mail and security by the two switches. */
function kindOf({ mail_enabled: mail, security_enabled: security }: Values): string | null {
  if (mail === 1) return security === 1 ? "mail_security" : "distribution";
  return security === 1 ? "security" : null;
}

function edgeWords(sql: Sql, sightings: readonly GroupSighting[]): EdgeWord[] {
  const related = sightings.filter(({ members, owners }) => members.length + owners.length > 0);
  if (related.length === 0) return [];
  const entries = related.flatMap(({ members, owners }) => [...members, ...owners]);
  const nodes = openNodes(sql, new Set([...related, ...entries].map(({ id }) => id)));
  const words = related.flatMap(({ id, members, owners }) => {
    const group_n = nodes.intern(id, NODE_TYPES.group);
    const wordsOf = (role: number, list: readonly RelationEntry[]) =>
      list.flatMap(({ id: member, type, added }): EdgeWord[] => {
        // What was never here need not be known in order to be removed.
        const member_n = added ? nodes.intern(member, type) : nodes.find(member);
        return member_n === undefined ? [] : [{ group_n, role, member_n, added }];
      });
    return [...wordsOf(EDGE_ROLES.member, members), ...wordsOf(EDGE_ROLES.owner, owners)];
  });
  nodes.save();
  return words;
}

function textOf(value: SqlValue): string | null {
  return typeof value === "string" ? value : null;
}
