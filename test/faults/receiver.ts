/** The application's endpoints in a schedule: slow, and sometimes they refuse. */
import { EVENT_TYPES, type WebhookEndpoint } from "../../src/lib/config-webhooks.ts";

const HOST = "hooks.faults.test";

/** One request of ours. */
export interface Sent {
  readonly endpoint: string;
  readonly id: string;
  readonly type: string;
  readonly connection: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An endpoint of that name, which is told of everything. */
export function endpointOf(id: string): WebhookEndpoint {
  return { id, url: `https://${HOST}/${id}`, secrets: [new Uint8Array(32).fill(7)], events: EVENT_TYPES };
}

/** The endpoints of one world. `random`: 0 to 1; it decides what they answer until somebody else does. */
export function createReceiver(random: () => number) {
  const arrived: Sent[] = [];
  const receiver = {
    endpoints: [endpointOf("app")],
    /** What was taken, in its order. */
    arrived,
    /** Whether this is for the endpoints here. */
    isFor: (request: Request) => new URL(request.url).host === HOST,
    async read(request: Request): Promise<Sent> {
      const body = await request.text();
      const { type, data } = JSON.parse(body) as { type: string; data: { connection: { id: string } } };
      const headers = Object.fromEntries(request.headers);
      const endpoint = new URL(request.url).pathname.slice(1);
      return { endpoint, id: headers["webhook-id"] ?? "", type, connection: data.connection.id, headers, body };
    },
    /** Answers; tests put their own in its place. */
    reply: async (sent: Sent): Promise<Response> => {
      if (random() < 0.3) return new Response("later", { status: random() < 0.5 ? 500 : 429 });
      arrived.push(sent);
      // The work is done, and the sender never hears.
      if (random() < 0.2) throw new TypeError("network error");
      return new Response(null, { status: 204 });
    },
  };
  return receiver;
}

/** See {@link createReceiver}. */
export type Receiver = ReturnType<typeof createReceiver>;
