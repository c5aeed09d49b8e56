/** What a grant's scopes allow (https://learn.microsoft.com/graph/permissions-overview). No I/O. */

/**
 * Those of `needs` that `granted` does not cover. Case and resource prefix do not count; ReadWrite covers Read, and
 * the Shared variant, which reaches one's own mailbox too, covers the plain one.
 */
export function missingScopes(needs: readonly string[], granted: readonly string[]): string[] {
  const held = new Set(granted.map(bareScope));
  return needs.filter((need) => !coveredBy(bareScope(need)).some((scope) => held.has(scope)));
}

/** `https://graph.microsoft.com/Calendars.Read` and `Calendars.Read` are the same scope. */
function bareScope(scope: string): string {
  return scope.slice(scope.lastIndexOf("/") + 1).toLowerCase();
}

function coveredBy(need: string): string[] {
  const wider = need.endsWith(".read") ? [need, `${need}write`] : [need];
  return wider.flatMap((scope) => [scope, `${scope}.shared`]);
}
