import { createSandbox } from "../app.ts";
import { sandboxFetch } from "../dropped.ts";
import { memoryStore } from "../store.ts";
import { NOTION_CLIENT_ID, NOTION_CLIENT_SECRET } from "./defaults.ts";

/** Where the in-process sandbox's Notion seems to live. */
export const NOTION = "https://api.notion.com";
/** A registered redirect URI of the default integration. */
export const NOTION_REDIRECT_URI = "https://latchkey.test/api/v1/oauth/callback/notion";

/** A JSON object of an answer. */
export type Json = Record<string, unknown>;
/** An answer whose body was read. */
export interface Answer {
  status: number;
  body: Json;
  headers: Headers;
}

/** The HTTP Basic credential of an integration; the default one without arguments. */
export function basic(id: string = NOTION_CLIENT_ID, secret: string = NOTION_CLIENT_SECRET): string {
  return `Basic ${btoa(`${id}:${secret}`)}`;
}

type Call = (url: string, init?: RequestInit) => Promise<Response>;
/** Parameters of the authorize URL to change; null takes one away. */
export type Change = Record<string, string | null>;

/** A fresh sandbox in this process, with ways to drive its Notion at `base`. */
export function openNotion(base: string = NOTION) {
  const app = createSandbox({ store: memoryStore() });
  const call: Call = (url, init) => sandboxFetch(app, url, init);
  const control = async (path: string, body?: unknown, method = body === undefined ? "GET" : "POST") => {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return (await read(await call(`${new URL(base).origin}/_sandbox${path}`, init))).body;
  };
  return { fetch: call, control, ...oauthDriver(base, call), api: apiDriver(base, call) };
}

function oauthDriver(base: string, call: Call) {
  const authorize = (change: Change = {}) => {
    const fields = Object.entries({ ...AUTHORIZE, ...change });
    const query = new URLSearchParams(fields.filter((entry): entry is [string, string] => entry[1] !== null));
    return call(`${base}/v1/oauth/authorize?${query.toString()}`);
  };
  const code = async (change?: Change) =>
    new URL((await authorize(change)).headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const oauth = async (path: string, body: unknown, changed: Record<string, string> = {}) => {
    const headers = { Authorization: basic(), "Content-Type": "application/json", ...changed };
    return read(await call(`${base}/v1/oauth/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
  };
  const redeem = (value: string, change: Json = {}) =>
    oauth("token", { grant_type: "authorization_code", code: value, redirect_uri: NOTION_REDIRECT_URI, ...change });
  const refresh = (token: unknown) => oauth("token", { grant_type: "refresh_token", refresh_token: token });
  const signIn = async (person = "ana", change: Change = {}) => {
    const { status, body } = await redeem(await code({ auto: person, ...change }));
    if (status !== 200) throw new Error(`sign-in failed: ${JSON.stringify(body)}`);
    return body as Json & { access_token: string; refresh_token: string; bot_id: string };
  };
  return { authorize, code, oauth, redeem, refresh, signIn };
}

function apiDriver(base: string, call: Call) {
  return async (
    token: string,
    path: string,
    init: { method?: string; body?: unknown; version?: string | null } = {},
  ) => {
    const { method = "GET", body, version = "2025-09-03" } = init;
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(version !== null && { "Notion-Version": version }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
    };
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    return read(await call(`${base}/v1${path}`, { method, headers, ...sent }));
  };
}

const AUTHORIZE: Record<string, string> = {
  client_id: NOTION_CLIENT_ID,
  response_type: "code",
  owner: "user",
  redirect_uri: NOTION_REDIRECT_URI,
  state: "state-1",
  auto: "ana",
};

async function read(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const body = text.startsWith("{") ? (JSON.parse(text) as Json) : { text };
  return { status: answer.status, body, headers: answer.headers };
}
