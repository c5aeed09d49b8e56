import type { Hono } from "hono";
import { createSandbox } from "./app.ts";
import { CLIENT_ID, CLIENT_SECRET } from "./defaults.ts";
import { sandboxFetch } from "./dropped.ts";
import { memoryStore } from "./store.ts";

/** Where the in-process sandbox seems to live. */
export const LOGIN = "https://login.microsoftonline.com";
/** Where its Graph seems to live. */
export const GRAPH = "https://graph.microsoft.com";
/** A registered redirect URI of the default application. */
export const REDIRECT_URI = "https://latchkey.test/api/v1/auth/microsoft/callback";
/** A verifier and its S256 challenge, from RFC 7636 appendix B. */
export const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/** The challenge of VERIFIER. */
export const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** A JSON object of an answer. */
export type Json = Record<string, unknown>;

/** A token answer with what every success has. */
export interface Tokens extends Json {
  access_token: string;
  refresh_token: string;
  id_token: string;
  scope: string;
  expires_in: number;
}

/** What a test does with a sandbox. */
export interface Driver {
  app: Hono;
  fetch: (url: string, init?: RequestInit) => Promise<Response>;
  control: (path: string, body?: unknown, method?: string) => Promise<Json>;
  /** Sends the browser to authorize; null takes a parameter away. */
  authorize: (change?: Record<string, string | null>, tenant?: string) => Promise<Response>;
  /** The code of a sign-in. */
  code: (change?: Record<string, string | null>, tenant?: string) => Promise<string>;
  token: (
    change: Record<string, string | null>,
    tenant?: string,
  ) => Promise<{ status: number; body: Json; headers: Headers }>;
  /** The whole flow for a user; throws when the token endpoint refuses. */
  signIn: (user: string, scope?: string) => Promise<Tokens>;
  graph: (
    token: string,
    path: string,
    init?: { method?: string; body?: unknown; headers?: Record<string, string> },
  ) => Promise<{ status: number; body: Json; headers: Headers }>;
}

/** The scopes that most tests ask for. */
export const SCOPE = `openid profile email offline_access ${GRAPH}/User.Read ${GRAPH}/Calendars.ReadWrite`;

/** A fresh sandbox in this process, with ways to drive it. */
export function openSandbox(): Driver {
  const app = createSandbox({ store: memoryStore() });
  const call = (url: string, init?: RequestInit) => sandboxFetch(app, url, init);
  const driver: Driver = {
    app,
    fetch: call,
    control: async (path, body, method = body === undefined ? "GET" : "POST") =>
      bodyOf(
        await call(`${LOGIN}/_sandbox${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) }),
      ),
    authorize: (change = {}, tenant = "common") => {
      const query = new URLSearchParams(given({ ...AUTHORIZE, ...change }));
      return call(`${LOGIN}/${tenant}/oauth2/v2.0/authorize?${query.toString()}`);
    },
    code: async (change, tenant) => locationOf(await driver.authorize(change, tenant)).searchParams.get("code") ?? "",
    token: async (change, tenant = "common") => {
      const body = new URLSearchParams(given({ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, ...change }));
      const answer = await call(`${LOGIN}/${tenant}/oauth2/v2.0/token`, { method: "POST", body });
      return { status: answer.status, body: await bodyOf(answer), headers: answer.headers };
    },
    signIn: async (user, scope = SCOPE) => {
      const code = await driver.code({ auto: user, scope });
      const [first] = scope.split(" ").filter((name) => name.startsWith("https:"));
      const resource = first?.slice(0, first.lastIndexOf("/")) ?? "";
      const asked = scope.split(" ").filter((name) => !name.startsWith("https:") || name.startsWith(resource));
      const { status, body } = await driver.token({ ...REDEEM, code, scope: asked.join(" ") });
      if (status !== 200) throw new Error(`sign-in failed: ${JSON.stringify(body)}`);
      return body as Tokens;
    },
    graph: async (token, path, { method = "GET", body, headers = {} } = {}) => {
      const type = body === undefined ? {} : { "Content-Type": "application/json" };
      const init = { method, headers: { Authorization: `Bearer ${token}`, ...type, ...headers } };
      const answer = await call(`${GRAPH}/v1.0${path}`, {
        ...init,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await bodyOf(answer), headers: answer.headers };
    },
  };
  return driver;
}

/** An event as a client creates it. */
export const KICK_OFF = {
  subject: "Audit kick-off",
  body: { contentType: "html", content: "<p>Agenda</p>" },
  start: { dateTime: "2026-11-20T09:00:00", timeZone: "Europe/Rome" },
  end: { dateTime: "2026-11-20T10:00:00", timeZone: "Europe/Rome" },
  attendees: [{ emailAddress: { address: "bo@contoso.example", name: "Bo" }, type: "required" }],
};

/** A mailbox of a user who just signed in. */
export async function openMailbox(sandbox: Driver = openSandbox(), user = "ana") {
  const { access_token: token } = await sandbox.signIn(user);
  const call = (path: string, init?: Parameters<Driver["graph"]>[2]) => sandbox.graph(token, path, init);
  const create = async (change: Json = {}, path = "/me/events") =>
    (await call(path, { method: "POST", body: { ...KICK_OFF, ...change } })).body;
  return { sandbox, call, create };
}

/** What a well-formed redemption sends beside the code. */
export const REDEEM = {
  grant_type: "authorization_code",
  redirect_uri: REDIRECT_URI,
  code_verifier: VERIFIER,
  scope: SCOPE,
};

/** Where a redirect goes. */
export function locationOf(answer: Response): URL {
  return new URL(answer.headers.get("Location") ?? "https://nowhere.invalid/");
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Json {
  return JSON.parse(atob((jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as Json;
}

/** The error object of a Graph answer. */
export function errorOf(body: Json): Json {
  return body["error"] as Json;
}

/** The entries of a collection. */
export function valuesOf(body: Json): Json[] {
  return body["value"] as Json[];
}

const AUTHORIZE: Record<string, string> = {
  client_id: CLIENT_ID,
  response_type: "code",
  redirect_uri: REDIRECT_URI,
  scope: SCOPE,
  state: "state-1",
  nonce: "nonce-1",
  code_challenge: CHALLENGE,
  code_challenge_method: "S256",
  auto: "ana",
};

function given(fields: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null));
}

async function bodyOf(answer: Response): Promise<Json> {
  const text = await answer.text();
  return text.startsWith("{") ? (JSON.parse(text) as Json) : { text };
}
