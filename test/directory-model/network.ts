/** The way to the stand-in and back, as one life of the object sees it. */
import type { Life } from "./life.ts";
import { type Mishap, targetOf, type Target } from "./weather.ts";
import type { World } from "./world.ts";

const ERRORS: Readonly<Record<string, string>> = { 429: "TooManyRequests", 401: "InvalidAuthenticationToken" };
/** Longer than anybody waits for an answer, ms. */
const SLOW_MS = 45_000;

/** Sends a request through the weather. */
export async function travel(world: World, life: Life, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const target = targetOf(url);
  const count = world.asked(target);
  // A round of delta or a list begins: from then on it tells what changes.
  if (!url.searchParams.has("$skiptoken") && !url.searchParams.has("$skip"))
    world.rounds.set(target, world.tenant.changes);
  // A life that has ended asks nobody any more.
  if (isOver(life)) return world.never();
  const mishap = world.weather.take(target, world.clock.now());
  const there = 2 + Math.floor(world.weather.luck() * 30);
  await world.wait(mishap === "slow" ? SLOW_MS : there);
  if (isOver(life)) return world.never();
  if (mishap === "deaf") return world.never();
  if (mishap === "drop-before") throw new TypeError("network error");
  const early = mishap === undefined ? undefined : refusalOf(mishap, world);
  const told = early ?? (await told200(world, request, { target, mishap, count }));
  // What was changed meanwhile is not in an answer that is on its way.
  await world.wait(1 + Math.floor(world.weather.luck() * 20));
  if (mishap === "drop-after") throw new TypeError("network error");
  world.answered(target);
  if (isOver(life)) return world.never();
  return response(told, mishap === "breaks-off");
}

/** Asked anew after each wait: a life ends meanwhile. */
function isOver({ ended }: Life): boolean {
  return ended === "evicted";
}

interface Told {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** Answers that the stand-in is not asked for. */
function refusalOf(mishap: Mishap, world: World): Told | undefined {
  if (mishap === "refused") {
    const said = { error: "invalid_client", error_codes: [7000222], error_description: "AADSTS7000222: expired." };
    return { status: 401, headers: JSON_TYPE, text: JSON.stringify(said) };
  }
  if (mishap === "410") return errorOf(410, "Gone");
  if (mishap === "html") return { status: 200, headers: { "content-type": "text/html" }, text: "<html>sign in</html>" };
  if (mishap === "empty") return { status: 200, headers: JSON_TYPE, text: "" };
  const [status = "", form] = mishap.split("-");
  if (!/^\d+$/.test(status)) return undefined;
  const inMs = Math.floor(world.weather.luck() * 90_000);
  const after: Record<string, string> =
    form === "after"
      ? { "retry-after": String(Math.ceil(inMs / 1000)) }
      : form === "date"
        ? { "retry-after": new Date(world.clock.now() + inMs).toUTCString() }
        : {};
  const refusal = errorOf(Number(status), ERRORS[status] ?? "UnknownError");
  return { ...refusal, headers: { ...refusal.headers, ...after } };
}

function errorOf(status: number, code: string): Told {
  return { status, headers: JSON_TYPE, text: JSON.stringify({ error: { code, message: "No." } }) };
}

/** What the stand-in says, and what becomes of it. */
async function told200(
  world: World,
  request: Request,
  { target, mishap, count }: { readonly target: Target; readonly mishap: Mishap | undefined; readonly count: number },
): Promise<Told> {
  const answer = await world.tenant.app.fetch(new Request(request, { signal: null }));
  const headers: Record<string, string> = Object.fromEntries(answer.headers);
  const said = { status: answer.status, headers, text: await answer.text() };
  if (target === "token") world.noteToken(said.text);
  if (answer.status === 403) world.refused(target, answer.status);
  if (answer.status === 500) world.broken.push(`the stand-in failed: ${said.text}`);
  if (!answer.ok || target === "token" || target === "count") return said;
  const page = JSON.parse(said.text) as { value: unknown[]; "@odata.nextLink"?: string; "@odata.deltaLink"?: string };
  const spoilt = world.weather.spoil(target, page.value, count);
  if (spoilt.mishap !== undefined) return refusalOf(spoilt.mishap, world) ?? said;
  page.value = mishap === "twice" ? [...spoilt.items, ...spoilt.items.filter((_, at) => at % 3 === 0)] : spoilt.items;
  if (mishap === "nowhere") delete page["@odata.deltaLink"];
  if (mishap === "circle" && page["@odata.nextLink"] !== undefined) page["@odata.nextLink"] = request.url;
  const text = JSON.stringify(page);
  if (mishap === "strained") return { ...said, headers: { ...headers, "x-ms-throttle-limit-percentage": "0.9" }, text };
  return { ...said, text: mishap === "cut" ? text.slice(0, text.length / 2) : text };
}

/** A body of a stream that is all promises, so that reading it takes no turn of the event loop. */
function response({ status, headers, text }: Told, breaksOff: boolean): Response {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(breaksOff ? bytes.subarray(0, bytes.length / 2) : bytes);
      if (breaksOff) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  const { "content-length": _length, ...rest } = headers;
  return new Response(body, { status, headers: rest });
}

const JSON_TYPE = { "content-type": "application/json" };
