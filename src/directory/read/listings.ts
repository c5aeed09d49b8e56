/** Every list. */
import type { Listing } from "./fields.ts";
import { ALERTS, DIRECTORY_AUDITS, SIGN_INS } from "./log-listings.ts";
import { DEVICES, GROUPS, USERS } from "./object-listings.ts";
import type { LogList, ObjectList } from "./question.ts";

/** Every list by its name, which is its table's too. */
export const LISTINGS: Readonly<Record<ObjectList | LogList, Listing>> = {
  users: USERS,
  groups: GROUPS,
  devices: DEVICES,
  sign_ins: SIGN_INS,
  directory_audits: DIRECTORY_AUDITS,
  alerts: ALERTS,
};
