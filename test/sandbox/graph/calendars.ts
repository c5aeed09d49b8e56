import type { User } from "../entra/users.ts";
import type { Calendar } from "./mailbox.ts";
import { addressOf } from "./profile.ts";

/** A calendar as Graph answers with it. */
export function calendarEntity(owner: User, { id, name, isDefault }: Calendar): Record<string, unknown> {
  return {
    id,
    name,
    color: "auto",
    hexColor: "",
    isDefaultCalendar: isDefault,
    changeKey: "AAAAAAAAAAAAAAAAAAAA",
    canShare: true,
    canViewPrivateItems: true,
    canEdit: true,
    allowedOnlineMeetingProviders: owner.kind === "work" ? ["teamsForBusiness"] : [],
    defaultOnlineMeetingProvider: owner.kind === "work" ? "teamsForBusiness" : "unknown",
    isTallyingResponses: isDefault,
    isRemovable: !isDefault,
    owner: { name: owner.displayName, address: addressOf(owner) },
  };
}
