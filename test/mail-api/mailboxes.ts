/** Connecting mailboxes through the mail surface in tests. */
import { signIn, addressOf, call, send, type TokenClaims } from "../support.ts";

/** Where the surface is mounted. */
export const MAIL = "/api/oauth";

/** Permission to take a token out. */
export const READER = { scope: "tokens:read" };

/** What the callback answers. */
export interface Opened {
  readonly connection: {
    readonly id: string;
    readonly provider: string;
    readonly account: { readonly address: string };
  };
  readonly mail_account: { readonly address: string; readonly auth_method: string } | null;
}

/** Starts a sign-in at one of the doors. */
export async function startMail(who: TokenClaims, door: string, body: object = {}): Promise<URL> {
  const answer = await send("POST", `${MAIL}/${door}/authorize`, who, body);
  const started = await answer.json<{ authorization_url?: string }>();
  if (started.authorization_url === undefined) throw new Error(`not started: ${JSON.stringify(started)}`);
  return new URL(started.authorization_url);
}

/** Comes back from the sign-in page as `person`. */
export async function comeBack(who: TokenClaims, url: URL, person: string): Promise<Response> {
  const back = await signIn(url.toString(), person);
  return call(back, undefined, { headers: { "CF-Connecting-IP": addressOf(who.sub) } });
}

/** Opens a mailbox and gives what the callback answered. */
export async function openMailbox(
  who: TokenClaims,
  door: "microsoft" | "google",
  { person = "ana", body = {} }: { readonly person?: string; readonly body?: object } = {},
): Promise<Opened> {
  const answer = await comeBack(who, await startMail(who, door, body), person);
  const opened = await answer.json<Opened>();
  if (answer.status !== 200) throw new Error(`not opened: ${JSON.stringify(opened)}`);
  return opened;
}

/** What a mail client is handed. */
export interface Logins {
  readonly address: string;
  readonly username: string;
  readonly connection: string;
  readonly access_token: string;
  readonly expires_at: string;
  readonly scopes: readonly string[];
  readonly imap: Login | null;
  readonly smtp: Login | null;
}

/** For one server. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly security: string;
  readonly username: string;
  readonly sasl: string;
  readonly oauthbearer: string;
  readonly expires_at: string;
}

/** What a SASL string says, its separators as blanks. */
export function readSasl(sasl: string): string {
  return atob(sasl).replaceAll("\u0001", " ").trim();
}

/** Asks for what a mail client logs in with. */
export async function logins(who: TokenClaims, door: string, query = ""): Promise<Logins> {
  const answer = await call(`${MAIL}/${door}/xoauth2${query}`, { ...who, ...READER });
  if (answer.status !== 200) throw new Error(`no login: ${await answer.text()}`);
  return answer.json<Logins>();
}

/** A mail account as it is shown. */
export interface Account {
  readonly id: string;
  readonly address: string;
  readonly username: string;
  readonly provider: string | null;
  readonly auth_method: string;
  readonly connection: string | null;
  readonly connection_status: string | null;
  readonly imap: { readonly host: string; readonly port: number; readonly security: string };
  readonly smtp: { readonly host: string; readonly port: number; readonly security: string };
  readonly has_password: boolean;
}

/** The caller's account. */
export async function account(who: TokenClaims, query = ""): Promise<Account> {
  const answer = await call(`${MAIL}/mail-account${query}`, who);
  if (answer.status !== 200) throw new Error(`no account: ${await answer.text()}`);
  return answer.json<Account>();
}

/** Writes an account down. */
export function putAccount(who: TokenClaims, body: object): Promise<Response> {
  return send("PUT", `${MAIL}/mail-account`, who, body);
}

/** Disconnects at a door. */
export function closeMailbox(who: TokenClaims, door: string, body: object = {}): Promise<Response> {
  return send("POST", `${MAIL}/${door}/disconnect`, who, body);
}
