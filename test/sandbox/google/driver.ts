import { createSandbox } from "../app.ts";
import { sandboxFetch } from "../dropped.ts";
import { memoryStore } from "../store.ts";
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET } from "./defaults.ts";
import { SCOPE_PREFIX } from "./scopes.ts";

/** A registered redirect URI of the default client. */
export const GOOGLE_REDIRECT_URI = "https://latchkey.test/api/v1/oauth/callback/google";
/** A verifier and its S256 challenge, from RFC 7636 appendix B. */
export const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** A scope by its short name. */
export const scopeOf = (name: string) => SCOPE_PREFIX + name;
/** The scopes that most tests ask for. */
export const GOOGLE_SCOPE = `openid email profile ${scopeOf("calendar.events")} ${scopeOf("calendar.readonly")}`;

/** A JSON object of an answer. */
export type Json = Record<string, unknown>;
/** An answer whose body was read. */
export interface Answer {
  status: number;
  body: Json;
  headers: Headers;
}
/** A token answer with what every success has. */
export interface Tokens extends Json {
  access_token: string;
  refresh_token: string;
  id_token: string;
  scope: string;
}
/** Parameters to change; null takes one away. */
export type Change = Record<string, string | null>;

/** Where Google is reached. */
export interface Bases {
  accounts: string;
  oauth: string;
  api: string;
  userinfo: string;
}

/** Google under its real names. */
export const REAL: Bases = {
  accounts: "https://accounts.google.com",
  oauth: "https://oauth2.googleapis.com",
  api: "https://www.googleapis.com",
  userinfo: "https://openidconnect.googleapis.com",
};

/** Google below the prefixes of another origin. */
export function below(origin: string): Bases {
  const api = `${origin}/google/api`;
  return { accounts: `${origin}/google/accounts`, oauth: `${origin}/google/oauth2`, api, userinfo: api };
}

type Call = (url: string, init?: RequestInit) => Promise<Response>;

/** A fresh sandbox in this process, with ways to drive its Google. */
export function openGoogle(bases: Bases = REAL) {
  const app = createSandbox({ store: memoryStore() });
  const call: Call = (url, init) => sandboxFetch(app, url, init);
  const control = async (path: string, body?: unknown, method = body === undefined ? "GET" : "POST") => {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return (await read(await call(`${new URL(bases.api).origin}/_sandbox${path}`, init))).body;
  };
  return { fetch: call, control, ...oauthDriver(bases, call), api: apiDriver(bases, call) };
}

/** What a test does with Google. */
export type Google = ReturnType<typeof openGoogle>;

/** Where a redirect goes, and with which parameters. */
export function redirected(answer: Response): Record<string, string> {
  const url = new URL(answer.headers.get("Location") ?? "https://nowhere.invalid/");
  return { at: `${url.origin}${url.pathname}`, ...Object.fromEntries(url.searchParams) };
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Json {
  return JSON.parse(atob((jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as Json;
}

/** The reason of an API's refusal. */
export function reasonOf({ body }: Answer): unknown {
  return (body["error"] as { errors?: Json[] } | undefined)?.errors?.[0]?.["reason"];
}

/** The entries of a list. */
export function itemsOf({ body }: Answer): Json[] {
  return body["items"] as Json[];
}

function oauthDriver({ accounts, oauth }: Bases, call: Call) {
  const authorize = (change: Change = {}) =>
    call(`${accounts}/o/oauth2/v2/auth?${parameters({ ...AUTHORIZE, ...change }).toString()}`);
  const code = async (change?: Change) => redirected(await authorize(change))["code"] ?? "";
  const post = async (path: string, fields: Change, headers: Record<string, string> = {}) =>
    read(await call(`${oauth}${path}`, { method: "POST", headers, body: parameters(fields) }));
  const token = (fields: Change, headers?: Record<string, string>) => post("/token", { ...CLIENT, ...fields }, headers);
  const redeem = (value: string, change: Change = {}) => token({ ...REDEEM, code: value, ...change });
  const refresh = (value: string, change: Change = {}) =>
    token({ grant_type: "refresh_token", refresh_token: value, ...change });
  const revoke = (value: string) => post("/revoke", { token: value });
  const signIn = async (person = "ana", change: Change = {}) => {
    const { status, body } = await redeem(await code({ auto: person, ...change }));
    if (status !== 200) throw new Error(`sign-in failed: ${JSON.stringify(body)}`);
    return body as Tokens;
  };
  return { authorize, code, post, token, redeem, refresh, revoke, signIn };
}

function apiDriver({ api }: Bases, call: Call) {
  return async (
    token: string | null,
    path: string,
    init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const { method = "GET", body, headers = {} } = init;
    const all = {
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return read(await call(`${api}${path}`, { method, headers: all, ...sent }));
  };
}

const AUTHORIZE: Change = {
  client_id: GOOGLE_CLIENT_ID,
  response_type: "code",
  redirect_uri: GOOGLE_REDIRECT_URI,
  scope: GOOGLE_SCOPE,
  access_type: "offline",
  state: "state-1",
  nonce: "nonce-1",
  code_challenge: CHALLENGE,
  code_challenge_method: "S256",
  auto: "ana",
};
const CLIENT: Change = { client_id: GOOGLE_CLIENT_ID, client_secret: GOOGLE_CLIENT_SECRET };
const REDEEM: Change = {
  grant_type: "authorization_code",
  redirect_uri: GOOGLE_REDIRECT_URI,
  code_verifier: VERIFIER,
};

function parameters(fields: Change): URLSearchParams {
  return new URLSearchParams(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null));
}

async function read(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const body = text.startsWith("{") ? (JSON.parse(text) as Json) : { text };
  return { status: answer.status, body, headers: answer.headers };
}

/** An event as a client creates it. */
export const KICK_OFF = {
  summary: "Kick-off",
  start: { dateTime: "2026-11-20T09:00:00+01:00", timeZone: "Europe/Rome" },
  end: { dateTime: "2026-11-20T10:00:00+01:00", timeZone: "Europe/Rome" },
  attendees: [{ email: "bo@contoso.example" }],
};

/** The primary calendar of somebody who just signed in; paths are those of its events. */
export async function openGoogleCalendar(person = "ana", google: Google = openGoogle()) {
  const { access_token: token } = await google.signIn(person, { scope: scopeOf("calendar"), prompt: "consent" });
  const call = (path: string, init?: Parameters<Google["api"]>[2]) =>
    google.api(token, `/calendar/v3/calendars/primary/events${path}`, init);
  const create = (change: Json = {}, query = "") => call(query, { method: "POST", body: { ...KICK_OFF, ...change } });
  return { google, token, call, create };
}
