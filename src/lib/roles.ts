/** Who a caller can be. No I/O. */

/** Roles that a token can carry in `roles`; `user` when absent. */
export const ROLES = ["user", "tenant_admin", "operator", "service"] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];
