/** The variable `WEBHOOKS`: which endpoints of the application are told of what. No I/O; a message never carries a secret. */
import * as z from "zod";
import { mayUse, text } from "./config-values.ts";
import { parseJson } from "./json.ts";
import { isPublicUrl } from "./public-address.ts";

/** What the application is told of. */
export const EVENT_TYPES = [
  "connection.created",
  "connection.updated",
  "connection.reauth_required",
  "connection.refreshed_after_failure",
  "connection.revoked",
  "connection.expiring_soon",
] as const;

/** One of {@link EVENT_TYPES}. */
export type EventType = (typeof EVENT_TYPES)[number];

/** An endpoint of the application. */
export interface WebhookEndpoint {
  /** Names it in the state of deliveries: it must outlive a change of the URL's query. */
  readonly id: string;
  readonly url: string;
  /** HMAC keys; two while one is being replaced. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** What it wants to be told of; everything where undefined. */
  readonly events: readonly EventType[] | undefined;
}

/** A receiver that hangs holds one connection at a time; with more endpoints than this none would be left for refreshes (a Worker waits for six). */
export const MOST_ENDPOINTS = 5;
const SECRET_BYTES = { least: 24, most: 64 };

const secret = z.string().transform((value, context): Uint8Array<ArrayBuffer> => {
  const bytes = bytesOf(value);
  if (bytes && bytes.length >= SECRET_BYTES.least && bytes.length <= SECRET_BYTES.most) return bytes;
  context.addIssue(
    'expected whsec_ and 24 to 64 bytes in base64; make one with: echo "whsec_$(openssl rand -base64 32)"',
  );
  return z.NEVER;
});

const url = z.url({ protocol: /^https?$/, error: "expected an absolute URL such as https://app.example.com/hooks" });

const endpoint = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w.-]{1,64}$/, "expected up to 64 letters, digits, dots, dashes or underscores")
      .optional(),
    url: url.refine((value) => !/^https?:\/\/[^/?#]*@/i.test(value), "expected a URL without a user name"),
    secrets: z.array(secret).min(1, "expected one secret, or two").max(2, "expected one secret, or two"),
    events: z.array(z.enum(EVENT_TYPES)).min(1).optional(),
  })
  .transform((given): WebhookEndpoint => ({ ...given, id: given.id ?? nameOf(given.url), events: given.events }));

const endpoints = z
  .array(endpoint)
  .max(MOST_ENDPOINTS, `expected ${MOST_ENDPOINTS} endpoints at most`)
  .refine(
    (all) => new Set(all.map(({ id }) => id)).size === all.length,
    "expected every endpoint once, or an id for each",
  );

/** The endpoints, as JSON: `[{id?, url, secrets, events?}]`. */
export const webhooks = text.transform((value, context) => {
  const given = parseJson(value);
  const parsed = endpoints.safeParse(given);
  if (parsed.success) return parsed.data;
  const first = given === undefined ? { path: [], message: "this is not JSON" } : parsed.error.issues[0];
  const place = first?.path.join(".") ?? "";
  context.addIssue(`expected a JSON list of {url, secrets}: ${place} ${first?.message ?? ""}`.trim());
  return z.NEVER;
});

/** What is wrong with where the endpoints are, for this environment; undefined where nothing is. */
export function misplaced(all: readonly WebhookEndpoint[], environment: Environment): string | undefined {
  const where = all.findIndex(({ url: to }) => !mayUse(to, environment));
  if (where >= 0) return `${where}.url: expected https; http is for ENVIRONMENT=development alone`;
  const inside = all.findIndex(({ url: to }) => environment !== "development" && !isPublicUrl(to));
  return inside >= 0
    ? `${inside}.url: expected a public host; others are for ENVIRONMENT=development alone`
    : undefined;
}

/** Stands for the endpoints while the variable is set and cannot be read: events are kept for them, and what is under way waits. */
export const UNREADABLE: WebhookEndpoint = { id: "unreadable", url: "", secrets: [], events: undefined };

type Environment = Parameters<typeof mayUse>[1];

/** Host and path: a query may hold a secret, and ids are shown. */
function nameOf(to: string): string {
  const { host, pathname } = new URL(to);
  return host + (pathname === "/" ? "" : pathname);
}

function bytesOf(value: string): Uint8Array<ArrayBuffer> | undefined {
  const [, encoded] = /^whsec_((?:[\w+/-]{4})*(?:[\w+/-]{2,3}={0,2})?)$/.exec(value) ?? [];
  if (encoded === undefined) return undefined;
  return Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
