/** A sign-in in steps: start, the provider's page, the callback. */
import { addressOf, call, signIn, type TokenClaims } from "../support.ts";

/** The answer of a start. */
export interface Started {
  readonly authorization_url: string;
  readonly state: string;
  readonly expires_at: string;
}

/** A connection as the callback shows it. */
export interface Connected {
  readonly id: string;
  readonly status: string;
  readonly account: { readonly name: string; readonly address: string; readonly tenant: string };
  readonly [member: string]: unknown;
}

/** Begins a sign-in; `query` goes with the request. */
export async function begin(
  claims: TokenClaims,
  query: Record<string, string> = {},
  base = "/api/v1",
): Promise<Started> {
  const answer = await call(`${base}/auth/microsoft/?${new URLSearchParams(query).toString()}`, claims);
  if (answer.status !== 200) throw new Error(`not started: ${await answer.text()}`);
  return answer.json();
}

/** Calls a callback URL as the browser of that name would, from an address of its own. */
export function comeBack(url: string | URL, browser: string, headers: Record<string, string> = {}): Promise<Response> {
  return call(String(url), undefined, { headers: { "CF-Connecting-IP": addressOf(browser), ...headers } });
}

/** Begins, signs in and comes back. */
export async function flow(claims: TokenClaims, person: string, query: Record<string, string> = {}): Promise<Response> {
  const { authorization_url: url } = await begin(claims, query);
  return comeBack(await signIn(url, person), claims.sub);
}

/** The connection that a callback answered with. */
export async function connectionIn(answer: Response): Promise<Connected> {
  const { connection } = await answer.clone().json<{ connection?: Connected }>();
  if (!connection) throw new Error(`not connected: ${await answer.text()}`);
  return connection;
}

/** A callback URL with some parameters replaced; undefined takes one away. */
export function altered(url: string, changes: Record<string, string | undefined>): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) changed.searchParams.delete(name);
    else changed.searchParams.set(name, value);
  }
  return changed.toString();
}
