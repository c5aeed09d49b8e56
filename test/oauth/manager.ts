/** Connecting accounts through the OAuth manager in tests. */
import { env } from "cloudflare:workers";
import { problemOf } from "../routes/security.ts";
import { addressOf, call, sandbox, send, signIn, type TokenClaims } from "../support.ts";

/** Where the manager is mounted. */
export const MANAGER = "/api/v1/oauth";

/** What `POST /authorize` takes. */
export type Wish = Readonly<Record<string, unknown>> & { readonly provider: string };

/** Starts a sign-in and gives the authorization URL. */
export async function authorize(claims: TokenClaims, wish: Wish, base = MANAGER): Promise<URL> {
  const answer = await send("POST", `${base}/authorize`, claims, wish);
  const body = await answer.json<{ authorization_url?: string }>();
  if (body.authorization_url === undefined) throw new Error(`not started: ${JSON.stringify(body)}`);
  return new URL(body.authorization_url);
}

/** Signs `person` in and gives the callback's answer. What `url` carries beside goes to the stand-in's page, such as `deny_scopes`. */
export async function finishAs(claims: TokenClaims, url: URL, person: string): Promise<Response> {
  const back = await signIn(url.toString(), person);
  return call(back, undefined, { headers: { "CF-Connecting-IP": addressOf(claims.sub) } });
}

/** Connects an account and gives the connection's id. */
export async function connectWith(claims: TokenClaims, wish: Wish, person = "ana", base = MANAGER): Promise<string> {
  const answer = await finishAs(claims, await authorize(claims, wish, base), person);
  const body = await answer.json<{ connection?: { id: string } }>();
  if (!body.connection) throw new Error(`not connected: ${JSON.stringify(body)}`);
  return body.connection.id;
}

/** A connection as the manager shows it, as far as tests look at it. */
export interface Shown {
  readonly id: string;
  readonly provider: string;
  readonly status: string;
  readonly account: Readonly<Record<string, string | null>>;
  readonly scopes: readonly string[];
  readonly asked_scopes: readonly string[];
  readonly missing_scopes: readonly string[];
  readonly features: readonly string[];
  readonly authorize_path?: string;
  readonly trouble: Readonly<Record<string, string>> | null;
  readonly refreshable: boolean;
  readonly token_expires_at: string | null;
  readonly last_refreshed_at: string | null;
  readonly forecast: {
    readonly dies_at: string | null;
    readonly reason: string | null;
    readonly causes: readonly { readonly reason: string; readonly at: string; readonly mend: string }[];
  };
}

/** The manager's page of one connection. */
export async function integration(claims: TokenClaims, id: string, base = MANAGER): Promise<Shown> {
  const answer = await call(`${base}/integrations/${id}`, claims);
  if (answer.status !== 200) throw new Error(`not shown: ${await answer.text()}`);
  return answer.json<Shown>();
}

/** A route below the manager, as the caller. */
export function ask(claims: TokenClaims, method: string, path: string, headers: Record<string, string> = {}) {
  return call(`${MANAGER}${path}`, claims, { method, headers });
}

/** The problem that a route answers with. */
export async function refusal(answer: Promise<Response>): Promise<Record<string, unknown>> {
  return problemOf(await answer);
}

/** What the trail in D1 has of an owner, oldest first, once the keeper has written it. */
export async function trailOf(claims: TokenClaims, action?: string): Promise<Trailed[]> {
  await (await call(`${MANAGER}/audit?limit=1`, claims)).body?.cancel();
  const sql = "select * from audit where owner = ?1 and (?2 is null or action = ?2) order by seq";
  const { results } = await env.DB.prepare(sql)
    .bind(claims.sub, action ?? null)
    .all<Trailed & { detail: unknown }>();
  return results.map((row) => ({ ...row, detail: JSON.parse(String(row.detail ?? "{}")) as Trailed["detail"] }));
}

/** A record of the trail. */
export interface Trailed {
  readonly action: string;
  readonly outcome: string;
  readonly actor: string;
  readonly provider: string;
  readonly connection: string | null;
  readonly code: string | null;
  readonly request_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A request as the stand-in heard it. */
export interface Heard {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly form?: Readonly<Record<string, string>>;
}

/** What a provider's host was asked since {@link forgetHeard}. */
export async function heard(host: string, path = ""): Promise<Heard[]> {
  const query = new URLSearchParams({ host, ...(path === "" ? {} : { path }) });
  const answer = await sandbox("GET", `requests?${query.toString()}`);
  return (await answer.json<{ requests: Heard[] }>()).requests;
}

/** Forgets what the stand-in heard so far. */
export async function forgetHeard(): Promise<void> {
  await sandbox("DELETE", "requests");
}

/** Plans a misbehaviour of the stand-in. */
export async function plan(fault: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await sandbox("POST", "faults", fault);
  if (!answer.ok) throw new Error(`no such fault: ${await answer.text()}`);
}

/** Changes how the stand-in's providers behave, and gives the way back. */
export async function settings(change: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await sandbox("POST", "settings", change);
  if (!answer.ok) throw new Error(`no such setting: ${await answer.text()}`);
}

/** Puts the stand-in back to how it began: settings, faults and people. */
export async function resetSandbox(): Promise<void> {
  await sandbox("POST", "reset", {});
}

/** The scope of Google's with that name. */
export function googleScope(name: string): string {
  return `https://www.googleapis.com/auth/${name}`;
}

let callers = 0;

/** A caller that no other test is. */
export function somebody(claims: Readonly<Record<string, unknown>> = {}): TokenClaims {
  callers += 1;
  return { sub: `somebody-${callers}`, ...claims };
}
