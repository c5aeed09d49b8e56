/** The provider's API, for whoever may use a connection but should not hold its token: docs/decisions/0015-proxy.md. */
import { Hono } from "hono";
import type { Lent } from "../connections/lend.ts";
import { authorizePathFor } from "../connections/reauth.ts";
import { claimsChallenge } from "../graph/challenge.ts";
import { type Failure, failure, notValid } from "../lib/errors.ts";
import type { RequestBody } from "../lib/http-stream.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { bindLog, type Hosted, type HostedContext } from "./context.ts";
import { limited } from "./guards.ts";
import { askKeeper, ownerOf, spend, connectionNamed } from "./keeper.ts";
import { passedThrough } from "./proxy/answer.ts";
import { bodyOf } from "./proxy/body.ts";
import { authorized, requestHeaders } from "./proxy/headers.ts";
import { addressOf, type ProxyTarget, targetIn } from "./proxy/path.ts";
import { type EndedCall, recordOf } from "./proxy/trail.ts";

/** Until the provider's headers are there, ms. */
const HEADERS_TIMEOUT_MS = 30_000;
/** A HEAD comes by the route of GET. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** The route below `oauth`. */
export function oauthProxy() {
  return new Hono<Hosted>({ strict: false }).on(
    METHODS,
    "/integrations/:id/proxy/*",
    ...limited("proxy", "proxy"),
    passOn,
  );
}

/** One call, read and checked. */
interface Call {
  readonly connection: ConnectionId;
  readonly method: string;
  readonly target: ProxyTarget;
  /** Below PUBLIC_URL; what follows it goes to the provider. */
  readonly mount: string;
  readonly resource: string | undefined;
  readonly host: string | undefined;
}

async function passOn(c: HostedContext): Promise<Response> {
  const call = readCall(c);
  const lent = await borrow(c, call);
  const url = addressOf(lent.baseUrl, call.target);
  const body = await bodyOf(c.req.raw);
  const started = Date.now();
  const note = (ended: EndedCall["ended"]) =>
    noteLater(c, {
      method: call.method,
      path: call.target.path,
      grant: lent.grant,
      tookMs: Date.now() - started,
      ended,
    });
  try {
    const answer = await reach(c, call, { lent, url, body });
    note({ status: answer.status });
    const { config } = c.get("premises");
    const { id: provider, links } = c.get("system").provider(lent.grant.provider);
    return passedThrough(answer, {
      provider,
      url,
      links,
      detour: { api: lent.baseUrl, proxy: config.publicUrl + call.mount },
    });
  } catch (error) {
    note({ error });
    throw error;
  }
}

function readCall(c: HostedContext): Call {
  const id = connectionNamed(c.req.param("id"));
  if (c.req.header("Upgrade") !== undefined)
    throw notValid([{ path: "Upgrade", message: "connections are not upgraded here" }]);
  const mount = `${c.get("system").basePath}/oauth/integrations/${id}/proxy`;
  return {
    connection: id,
    // Not Hono's, which has decoded the path and calls a HEAD a GET.
    method: c.req.raw.method,
    target: targetIn(c.req.raw.url, mount),
    mount,
    resource: c.req.header("X-Latchkey-Resource"),
    host: c.req.header("X-Latchkey-Host"),
  };
}

/** A token for the call. `rejected`: the ticket of one that the API has refused; a second try does not count against the limit. */
async function borrow(c: HostedContext, { connection, resource, host }: Call, rejected?: string): Promise<Lent> {
  const { roles, subject: actor } = c.get("caller");
  const input = {
    connection,
    counted: rejected === undefined,
    roles,
    actor,
    requestId: c.get("requestId"),
    ...(resource === undefined ? {} : { resource }),
    ...(host === undefined ? {} : { host }),
    ...(rejected === undefined ? {} : { rejected }),
  };
  const lent = spend(c, await askKeeper(c, (keeper) => keeper.lend(input)));
  bindLog(c, { connection: lent.grant.connection, provider: lent.grant.provider });
  return lent;
}

interface Reaching {
  readonly lent: Lent;
  readonly url: URL;
  readonly body: RequestBody;
}

/** The provider's answer. A refused token is renewed once, and what is still in memory is sent again. */
async function reach(c: HostedContext, call: Call, first: Reaching): Promise<Response> {
  const answer = await sendOnce(c, call, first);
  if (answer.status !== 401) return answer;
  await answer.body?.cancel();
  // A claims challenge is not mended by a refresh: the user has to sign in.
  if (claimsChallenge(answer.headers)) throw tokenRefused(c, first.lent, answer);
  const lent = await borrow(c, call, first.lent.grant.ticket);
  // The same one again: the keeper has forced a refresh a moment ago.
  if (lent.grant.ticket === first.lent.grant.ticket) throw tokenRefused(c, lent, answer);
  if (first.body !== null && !(first.body instanceof Uint8Array)) throw goneBody();
  const second = await sendOnce(c, call, { ...first, lent });
  if (second.status !== 401) return second;
  await second.body?.cancel();
  throw tokenRefused(c, lent, second);
}

function sendOnce(c: HostedContext, { method }: Call, { lent: { grant }, url, body }: Reaching): Promise<Response> {
  const system = c.get("system");
  const defaults = system.provider(grant.provider).resources[grant.resource]?.headers;
  return system.streams.open({
    url,
    method,
    headers: authorized(requestHeaders(c.req.raw.headers, defaults), grant),
    body,
    label: `proxy ${grant.provider} ${grant.resource}`,
    timeoutMs: HEADERS_TIMEOUT_MS,
  });
}

function tokenRefused(c: HostedContext, { grant }: Lent, answer: Response): Failure {
  const { provider, connection, named } = grant;
  const isUsual = provider === "microsoft" && !named;
  const needs = { claims: claimsChallenge(answer.headers)?.claims, ...(isUsual ? {} : { connection }) };
  return failure("reauth_required", "The provider refuses the token. The account must be connected again.", {
    extra: { reason: "token_refused", authorize_path: authorizePathFor(c.get("system"), provider, needs) },
    reason: `proxy ${provider}: 401`,
  });
}

/** The token is fresh now, but what was to be sent has streamed away. */
function goneBody(): Failure {
  return failure("provider_unavailable", "The token was renewed, but the body was too large to keep. Send it again.", {
    retryAfterS: 1,
    reason: "proxy: 401 for a streamed body",
  });
}

/** Records a call behind its answer, or the share of them that the operator wants recorded. */
function noteLater(c: HostedContext, call: EndedCall): void {
  const system = c.get("system");
  const share = system.config.auditProxySample;
  if (Math.random() >= share) return;
  const by = { actor: c.get("caller").subject, requestId: c.get("requestId") };
  const recorded = system.keeper(ownerOf(c)).note(recordOf(call, by, 1 / share));
  c.executionCtx.waitUntil(recorded.catch((cause: unknown) => c.get("log").warn("proxy call not recorded", { cause })));
}
