import { fraction, pick } from "./fraction.ts";
import { groupId } from "./object-ids.ts";
import { isoSeconds } from "./generated-users.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** A group as Graph has it. */
export interface DirectoryGroup extends Record<string, unknown> {
  id: string;
  displayName: string;
  groupTypes: string[];
}

/** The group of an index, as it was before any change. The first eight are one of each kind. */
export function generatedGroup(t: DirectoryTenant, index: number): DirectoryGroup {
  const of = (what: string) => fraction(t.seed, `group-${what}`, index);
  const kind = GROUP_KINDS[index] ?? pick(GROUP_KINDS, of("kind") ** 2);
  const nickname = `group${index}`;
  const address = `${nickname}@${t.domain}`;
  const created = isoSeconds(t.createdAt - Math.floor((10 + of("created") * 2000) * 86_400_000));
  return {
    id: groupId(t, index),
    displayName: `${pick(NAMES, of("name"))} ${index}`,
    ...(of("described") < 0.6 && { description: `What "${nickname}" is for, in short` }),
    groupTypes: kind.groupTypes,
    mailEnabled: kind.mailEnabled,
    securityEnabled: kind.securityEnabled,
    mailNickname: nickname,
    ...(kind.mailEnabled && { mail: address, proxyAddresses: [`SMTP:${address}`] }),
    ...("visibility" in kind && { visibility: kind.visibility }),
    ...("rule" in kind && { membershipRule: kind.rule, membershipRuleProcessingState: "On" }),
    ...("role" in kind && { isAssignableToRole: true }),
    ...("synced" in kind && { onPremisesSyncEnabled: true }),
    createdDateTime: created,
    renewedDateTime: created,
  };
}

const SECURITY = { groupTypes: [], mailEnabled: false, securityEnabled: true };
const UNIFIED = { groupTypes: ["Unified"], mailEnabled: true, securityEnabled: false };
const GROUP_KINDS = [
  SECURITY,
  { ...UNIFIED, visibility: "Private" },
  { groupTypes: [], mailEnabled: true, securityEnabled: false },
  { groupTypes: [], mailEnabled: true, securityEnabled: true },
  { ...SECURITY, groupTypes: ["DynamicMembership"], rule: 'user.department -eq "Sales"' },
  {
    ...UNIFIED,
    groupTypes: ["Unified", "DynamicMembership"],
    visibility: "Public",
    rule: 'user.userType -eq "Member"',
  },
  { ...SECURITY, role: true },
  { ...UNIFIED, securityEnabled: true, visibility: "HiddenMembership" },
  { ...SECURITY, synced: true },
];
const NAMES = [
  "Ops",
  "Finance, all",
  "Projekt Grün",
  "All staff",
  '"Blue" team',
  "+1 club",
  "=Sum",
  "Site Roma",
  "Owners' circle",
];
