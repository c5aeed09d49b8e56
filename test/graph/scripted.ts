/** A provider that answers from a script and keeps what it was sent, and the client's ports around it. */
import type { AccessGrant } from "../../src/connections/grant.ts";
import { createGraph, type Graph } from "../../src/graph/client.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { attempt, type FailureData } from "../../src/lib/errors.ts";
import { createSender } from "../../src/lib/http.ts";
import { ConnectionId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/log.ts";

/** One step: an answer, or "silence" for a connection that breaks. */
type Step = Response | "silence";

/** What a scripted run is made of. */
export interface Script {
  readonly steps: readonly Step[];
  readonly scopes?: readonly string[];
  readonly baseUrl?: string;
}

/** What a scripted run leaves behind. */
export interface Run {
  readonly graph: Graph;
  readonly sent: { request: Request; body: string }[];
  /** The tickets with which a token was asked for. */
  readonly rejected: (string | undefined)[];
  readonly waitedMs: () => number;
}

/** A client over a provider that answers each request with the next step. */
export function play({ steps, scopes = ["Calendars.ReadWrite"], baseUrl }: Script): Run {
  const left = [...steps];
  const sent: Run["sent"] = [];
  const rejected: Run["rejected"] = [];
  const clock = hastyClock();
  const log = createLogger("ERROR");
  const sender = createSender({
    clock,
    log,
    random: () => 0.5,
    fetch: async (request) => {
      sent.push({ request, body: await request.clone().text() });
      const step = left.shift();
      if (step === undefined) throw new Error("the script is over");
      if (step === "silence") throw new Error("the connection broke");
      return step;
    },
  });
  const source = {
    grant: (ticket?: string) => {
      rejected.push(ticket);
      return Promise.resolve(accessGrant(rejected.length, scopes));
    },
  };
  const authorizePath = (claims?: string, more?: readonly string[]) =>
    `/connect?${new URLSearchParams({ ...(claims && { claims }), ...(more && { scopes: more.join(" ") }) }).toString()}`;
  const graph = createGraph({ sender, source, log, authorizePath, clock, ...(baseUrl && { baseUrl }) });
  return { graph, sent, rejected, waitedMs: () => clock.now() - START };
}

/** Graph's error envelope around a code. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error: { code, message: "Scripted." } }, { status, headers });
}

function accessGrant(number: number, scopes: readonly string[]): AccessGrant {
  return {
    connection: ConnectionId.parse(`con_${"a".repeat(24)}`),
    provider: "microsoft",
    resource: "graph",
    accessToken: `token-${number}`,
    tokenType: "Bearer",
    expiresAt: null,
    scopes,
    ticket: `ticket-${number}`,
  };
}

const START = 1_795_000_000_000;

/** A clock on which a wait is over as soon as nothing else is left to do. */
function hastyClock(): Clock {
  let now = START;
  return {
    now: () => now,
    after(ms) {
      let cancelled = false;
      const done = new Promise<void>((resolve) => {
        setTimeout(() => {
          if (cancelled) return;
          now += ms;
          resolve();
        }, 5);
      });
      return { done, cancel: () => void (cancelled = true) };
    },
  };
}

/** The failure that `promise` ends in; an error where it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<FailureData> {
  const result = await attempt(() => promise);
  if (result.ok) throw new Error("expected a failure");
  return result.failure;
}
