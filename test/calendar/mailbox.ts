/** A mailbox of the stand-in, the client on it, and cursors sealed for its owner. */
import type { CursorSeal } from "../../src/calendar/cursor.ts";
import { EventInput, EventPatch } from "../../src/calendar/input.ts";
import type { OpenMailbox } from "../../src/calendar/list-events.ts";
import { ListQuery } from "../../src/calendar/list-query.ts";
import { createGraph, type Graph } from "../../src/graph/client.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createSender } from "../../src/lib/http.ts";
import { ConnectionId } from "../../src/lib/ids.ts";
import { createKeyRing } from "../../src/lib/key-ring.ts";
import { createLogger } from "../../src/lib/log.ts";
import { open, seal } from "../../src/lib/seal.ts";
import { type Driver, openSandbox } from "../sandbox/driver.ts";
import { sandboxFetch } from "../sandbox/dropped.ts";

/** What a test does with a mailbox. */
export interface Mailbox {
  readonly sandbox: Driver;
  readonly graph: Graph;
  readonly token: string;
  readonly cursors: CursorSeal;
  /** Method, path and query of what Graph received since the last call. */
  readonly received: () => readonly string[];
  /** What Graph received whole, for looking at headers and bodies. */
  readonly requests: readonly { request: Request; body: string }[];
}

/** Signs somebody in and opens the mailbox, in a fresh stand-in unless one is given. */
export async function openMailbox(user = "ana", sandbox = openSandbox()): Promise<Mailbox> {
  const { access_token: token } = await sandbox.signIn(user);
  const requests: { request: Request; body: string }[] = [];
  let told = 0;
  const log = createLogger("ERROR");
  const sender = createSender({
    clock: systemClock,
    log,
    random: () => 0,
    fetch: async (request) => {
      requests.push({ request, body: await request.clone().text() });
      return sandboxFetch(sandbox.app, request);
    },
  });
  const access = {
    connection: CONNECTION,
    provider: "microsoft",
    resource: "graph",
    accessToken: token,
    tokenType: "Bearer",
    expiresAt: null,
    scopes: ["https://graph.microsoft.com/Calendars.ReadWrite"],
    ticket: "t",
  };
  const graph = createGraph({
    sender,
    log,
    source: { grant: () => Promise.resolve(access) },
    authorizePath: () => "/connect",
  });
  const received = () => {
    const news = requests.slice(told);
    told = requests.length;
    return news.map(({ request }) => `${request.method} ${decodeURIComponent(request.url).replace(ROOT, "")}`);
  };
  return { sandbox, graph, token, cursors: cursorsOf(user), received, requests };
}

export const CONNECTION = ConnectionId.parse(`con_${"a".repeat(24)}`);

/** The one mailbox that a test has, whichever is asked for. */
export function opened(graph: Graph): OpenMailbox {
  return () => ({ graph, connection: () => CONNECTION });
}

const ROOT = "https://graph.microsoft.com/v1.0";
const ring = createKeyRing([{ id: "k1", bytes: new Uint8Array(32).fill(7) }], undefined);

/** Cursors of one owner. */
export function cursorsOf(owner: string): CursorSeal {
  const place = { system: "main", owner, connection: "-", field: "cursor" };
  return { seal: (plain) => seal(ring, place, plain), open: (sealed) => open(ring, place, sealed) };
}

const NINE = {
  subject: "Audit",
  start: { date_time: "2026-11-20T09:00:00", time_zone: "Europe/Rome" },
  end: { date_time: "2026-11-20T10:00:00", time_zone: "Europe/Rome" },
};

/** A new event from nine to ten in Rome, with changes. */
export function newEvent(fields: Record<string, unknown> = {}): EventInput {
  return EventInput.parse({ ...NINE, ...fields });
}

/** A change as a caller would send it. */
export function change(fields: Record<string, unknown>): EventPatch {
  return EventPatch.parse(fields);
}

/** A query as a caller would send it. */
export function query(parameters: Record<string, string> = {}): ListQuery {
  return ListQuery.parse(parameters);
}
