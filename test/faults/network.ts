/** The way to the provider: slow, and sometimes it loses what it carries. The provider behind it is the stand-in. */
import type { Hono } from "hono";
import { sandboxFetch } from "../sandbox/dropped.ts";
import type { Life } from "./life.ts";
import type { Traffic, VirtualClock } from "./virtual-clock.ts";

/** What happens to one refresh or revocation. Times in ms. */
export interface Trip {
  readonly there: number;
  readonly back: number;
  /** `request`: it never arrives. `answer`: the work is done and nobody hears. `gateway`: a 503 without any work. `throttle`: 429. */
  readonly loses?: "request" | "answer" | "gateway" | "throttle";
}

/** What the network saw, for the invariants. */
export interface NetworkLog {
  /** Refreshes in flight, by refresh token and by life. */
  readonly inFlight: Map<unknown, number>;
  mostInFlight: number;
  refreshes: number;
  /** Refreshes whose work was done and whose answer never reached a life that could keep it. */
  lostAnswers: number;
}

/** What {@link createNetwork} needs. */
export interface NetworkPorts {
  readonly app: Hono;
  readonly clock: VirtualClock;
  readonly traffic: Traffic;
  readonly log: NetworkLog;
  /** The next trip of a refresh or a revocation. Everything else travels at once. */
  readonly trip: () => Trip;
  /** Is told of each access token that the provider gave out. */
  readonly issued: (accessToken: string) => void;
}

/** A fetch for one life. */
export function createNetwork(ports: NetworkPorts, life: Life) {
  const { app, traffic } = ports;
  return async (request: Request): Promise<Response> => {
    const posted = request.method === "POST" ? await membersOf(request) : undefined;
    if (posted?.grant_type === "refresh_token")
      return refresh(ports, life, { request, refreshToken: posted.refresh_token });
    if (new URL(request.url).pathname.endsWith("/revoke")) return travel(ports, life, request);
    const answer = await traffic.during(sandboxFetch(app, request));
    if (posted) await noteTokens(ports, answer);
    return answer;
  };
}

/** What a token request says, as a form or as JSON. */
async function membersOf(request: Request): Promise<{ grant_type?: string; refresh_token?: string }> {
  // workerd warns when text() is called on a form.
  const text = new TextDecoder().decode(await request.clone().arrayBuffer());
  if (text.startsWith("{")) return JSON.parse(text) as { grant_type?: string };
  return Object.fromEntries(new URLSearchParams(text));
}

async function refresh(
  ports: NetworkPorts,
  life: Life,
  { request, refreshToken }: { request: Request; refreshToken: string | undefined },
): Promise<Response> {
  const { log } = ports;
  log.refreshes += 1;
  const land = takeOff(log, life, refreshToken);
  request.signal.addEventListener("abort", land);
  try {
    return await travel(ports, life, request, () => (log.lostAnswers += 1));
  } finally {
    land();
  }
}

/** Counts a refresh until it lands: by its refresh token, and by the life that sent it. What an ended life left in flight before the user connected again is another grant's. */
function takeOff(log: NetworkLog, ...names: readonly unknown[]): () => void {
  const count = (by: number) => {
    for (const name of names) {
      const now = (log.inFlight.get(name) ?? 0) + by;
      log.inFlight.set(name, now);
      log.mostInFlight = Math.max(log.mostInFlight, now);
    }
  };
  count(1);
  let flying = true;
  return () => {
    if (flying) count(-1);
    flying = false;
  };
}

async function travel(
  { app, clock, traffic, trip, issued }: NetworkPorts,
  life: Life,
  request: Request,
  lost: () => void = () => {},
): Promise<Response> {
  const { there, back, loses } = trip();
  await clock.after(there).done;
  // A connection that was given up, or whose process is gone, delivers nothing any more.
  await life.unlessCrashed();
  if (request.signal.aborted) throw new TypeError("network error");
  if (loses === "request") throw new TypeError("network error");
  if (loses === "gateway") return new Response("<html>bad gateway</html>", { status: 503 });
  if (loses === "throttle")
    return Response.json(
      { error: "temporarily_unavailable", error_description: "throttled" },
      { status: 429, headers: { "Retry-After": "2" } },
    );
  const answer = await traffic.during(sandboxFetch(app, new Request(request, { signal: null })));
  await noteTokens({ issued }, answer);
  await clock.after(back).done;
  if (loses === "answer" || request.signal.aborted) {
    if (answer.ok) lost();
    throw new TypeError("network error");
  }
  if (life.ended === "crash" && answer.ok) lost();
  await life.unlessCrashed();
  return answer;
}

async function noteTokens({ issued }: Pick<NetworkPorts, "issued">, answer: Response): Promise<void> {
  if (!answer.ok) return;
  const body = await answer.clone().json<{ access_token?: string }>();
  if (body.access_token) issued(body.access_token);
}
