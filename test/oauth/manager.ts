/** Connecting accounts through the OAuth manager in tests. */
import { addressOf, call, send, signIn, type TokenClaims } from "../support.ts";

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

/** Signs `person` in and gives the callback's answer. `more`: parameters for the stand-in's page. */
export async function finishAs(claims: TokenClaims, url: URL, person: string): Promise<Response> {
  const back = await signIn(url.toString(), person);
  return call(back, undefined, { headers: { "CF-Connecting-IP": addressOf(claims.sub) } });
}

/** Connects an account and gives the connection's id. */
export async function connectWith(claims: TokenClaims, wish: Wish, person = "ana"): Promise<string> {
  const answer = await finishAs(claims, await authorize(claims, wish), person);
  const body = await answer.json<{ connection?: { id: string } }>();
  if (!body.connection) throw new Error(`not connected: ${JSON.stringify(body)}`);
  return body.connection.id;
}

/** The manager's page of one connection. */
export async function integration(claims: TokenClaims, id: string): Promise<Record<string, unknown>> {
  const answer = await call(`${MANAGER}/integrations/${id}`, claims);
  return answer.json<Record<string, unknown>>();
}
