import { sleep } from "../clockwork.ts";
import type { World } from "../world.ts";
import { requirePermission, type GraphContext } from "./caller.ts";
import { GraphError } from "./errors.ts";
import { requireMailbox } from "./mailbox.ts";
import { readPreferences } from "./preferences.ts";

const READ = ["Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared"];
const WRITE = ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"];

/** What every request to a mailbox passes: permission, a mailbox that exists, and its limit of concurrency. */
export async function guardMailbox(world: World, c: GraphContext, next: () => Promise<void>): Promise<void> {
  const { caller, owner } = c.var;
  const wanted = c.req.method === "GET" ? READ : WRITE;
  requirePermission(caller, wanted, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
  requireMailbox(owner, caller.token.tid);
  const { applied } = readPreferences(c.req.header("Prefer"));
  await withinConcurrency(world, owner.name, next);
  if (applied.length > 0) c.res.headers.set("Preference-Applied", applied.join(", "));
}

async function withinConcurrency(world: World, mailbox: string, work: () => Promise<void>): Promise<void> {
  const { mailbox_concurrency: most, mailbox_latency_ms: latencyMs } = world.settings();
  const now = world.busy.get(mailbox) ?? 0;
  if (most !== null && now >= most) {
    const headers = { "Retry-After": "1" };
    throw new GraphError(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", { headers });
  }
  world.busy.set(mailbox, now + 1);
  try {
    // A mailbox that answers at once would never be found busy.
    if (latencyMs > 0 || most !== null) await sleep(latencyMs);
    await work();
  } finally {
    world.busy.set(mailbox, (world.busy.get(mailbox) ?? 1) - 1);
  }
}
