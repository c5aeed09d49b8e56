/** Microsoft Graph for the caller of a request. */
import { authorizePathFor } from "../connections/reauth.ts";
import { cursorRefused } from "../lib/cursor.ts";
import type { Mailbox } from "../calendar/list-events.ts";
import { createGraph, type Graph } from "../graph/client.ts";

import type { ConnectionId } from "../lib/ids.ts";
import type { Bucket } from "../lib/limits.ts";
import { bindLog, type HostedContext } from "./context.ts";
import { gateOf } from "./features.ts";
import { askKeeper, spend, connectionNamed } from "./keeper.ts";
import type { System } from "./premises.ts";

const PROVIDER = "microsoft";
const RESOURCE = "graph";

/** A client that asks the caller's keeper for tokens. The first call is also the one that counts against `bucket`. `?connection=` names an account; otherwise it is the one connected last. */
export function graphOf(c: HostedContext, bucket: Bucket): Graph {
  return mailboxOf(c, bucket).graph;
}

/** The same, where it matters which account answered. `goesOn`: the connection of a list that goes on, which `?connection=` must not contradict. */
export function mailboxOf(c: HostedContext, bucket: Bucket, goesOn?: ConnectionId): Mailbox {
  const named = connectionIn(c);
  if (goesOn !== undefined && named !== undefined && named !== goesOn)
    throw cursorRefused("expected the connection that the list began with, or none");
  let answered: ConnectionId | undefined;
  const graph = clientFor(c, { bucket, connection: goesOn ?? named, answers: (id) => (answered = id) });
  return { graph, connection: () => answered };
}

interface Client {
  readonly bucket: Bucket;
  readonly connection: ConnectionId | undefined;
  /** Is told whose token is used. */
  readonly answers: (connection: ConnectionId) => void;
}

function clientFor(c: HostedContext, { bucket, connection, answers }: Client): Graph {
  const system = c.get("system");
  const wanted = {
    provider: PROVIDER,
    resource: RESOURCE,
    requestId: c.get("requestId"),
    ...gateOf(c, PROVIDER),
    ...(connection === undefined ? {} : { connection }),
  } as const;
  let counted = false;
  let named: ConnectionId | undefined;
  return createGraph({
    ...baseUrlOf(system),
    sender: system.sender,
    log: c.get("log"),
    authorizePath: (claims, scopes = []) =>
      authorizePathFor(system, PROVIDER, named === undefined ? { claims } : { claims, scopes, connection: named }),
    source: {
      async grant(rejected) {
        const counts = counted ? {} : { bucket };
        counted = true;
        const input = { ...wanted, ...counts, ...(rejected === undefined ? {} : { rejected }) };
        const grant = spend(c, await askKeeper(c, (keeper) => keeper.use(input)));
        bindLog(c, { connection: grant.connection });
        if (grant.named) named = grant.connection;
        answers(grant.connection);
        if (grant.staleReason) c.get("log").warn("older token served", { failure: grant.staleReason });
        return grant;
      },
    },
  });
}

function baseUrlOf(system: System): { baseUrl?: string } {
  const resource = system.provider(PROVIDER).resources[RESOURCE];
  return resource ? { baseUrl: resource.baseUrl } : {};
}

/** The connection that `?connection=` names. An id that cannot be ours is as unknown as another owner's. */
function connectionIn(c: HostedContext): ConnectionId | undefined {
  const named = c.req.query("connection");
  return named === undefined ? undefined : connectionNamed(named);
}
