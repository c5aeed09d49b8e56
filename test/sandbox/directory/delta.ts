import { GraphError } from "../graph/errors.ts";
import { deltaObject } from "./delta-shape.ts";
import {
  deltaToken,
  readDeltaToken,
  readSkipToken,
  skipToken,
  type Asked,
  type LinkContext,
  type Resume,
  type Step,
} from "./delta-token.ts";
import { readWindow, type Touched, type Window, type WindowContext } from "./delta-window.ts";
import type { Directory, ObjectKind } from "./directory.ts";
import { readIds } from "./filter.ts";
import { readSelect, SHAPES } from "./properties.ts";
import { currentRevision } from "./tenant.ts";

/** A request for changes. `minimal` is `Prefer: return=minimal`, `hidden` whether hidden memberships may be seen. */
export interface DeltaRequest {
  d: Directory;
  kind: ObjectKind;
  url: URL;
  minimal: boolean;
  hidden: boolean;
}

/** `GET /users/delta` and its like: a page of a round, with the link to the next page or to the next round. */
export function delta(request: DeltaRequest): Record<string, unknown> {
  const { d, kind, url } = request;
  const { world, t } = d;
  const context: LinkContext = { world, t, kind };
  const { searchParams: params } = url;
  const refused = REFUSED.find((name) => params.has(name));
  if (refused !== undefined) throw unsupported(refused);
  const skip = params.get("$skiptoken");
  const resume = params.get("$deltatoken");
  if (skip !== null || (resume !== null && resume !== "" && resume !== "latest")) {
    const beside = ["$select", "$filter"].find((name) => params.has(name));
    if (beside !== undefined) throw unsupported(`${beside} beside ${skip === null ? "$deltatoken" : "$skiptoken"}`);
  }
  if (skip !== null) {
    const { asked, step } = readSkipToken(context, url, skip);
    return page(request, asked, step);
  }
  if (resume === null || resume === "" || resume === "latest") return firstPage(request, resume === "latest");
  const { asked, resume: from } = readDeltaToken(context, url, resume);
  return page(request, asked, nextRound(d, from));
}

function firstPage(request: DeltaRequest, latest: boolean): Record<string, unknown> {
  const { d, kind, url } = request;
  const { world, t } = d;
  const asked: Asked = { select: readDeltaSelect(kind, url), ids: readIds(url.searchParams.get("$filter")) };
  const began = currentRevision(world, t);
  if (latest)
    return answer(request, asked, {
      value: [],
      resume: { after: began, last: { over: "journal", from: began, to: began } },
    });
  const main = { over: "all" as const, from: 0, to: asked.ids?.length ?? d.total(kind) };
  return page(request, asked, { ...START, main, echo: null, began, shuffled: world.settings().directory_shuffle });
}

function nextRound({ world, t }: Directory, { after, last }: Resume): Step {
  const { directory_replays: replays, directory_shuffle: shuffled } = world.settings();
  const began = currentRevision(world, t);
  const main = { over: "journal" as const, from: after, to: began };
  const echo = replays > 0 && last.to > last.from ? last : null;
  return { ...START, main, echo, began, shuffled, at: echo?.from ?? main.from };
}

function page(request: DeltaRequest, asked: Asked, step: Step): Record<string, unknown> {
  const { d, kind, minimal } = request;
  const { world, t } = d;
  const { directory_empty_pages: empty } = world.settings();
  if (empty > 0 && step.page % empty === 0)
    return answer(request, asked, { value: [], step: { ...step, page: step.page + 1 } });
  const { tracked, defaults } = SHAPES[kind];
  const names = (asked.select ?? defaults).filter((name) => tracked.includes(name));
  const context = { world, t, kind, d, asked, names, shuffled: step.shuffled, hidden: request.hidden };
  const window = step.echo === null ? mainWindow(context, step) : echoWindow(context, step);
  const value = window.touched.map((one) => deltaObject(context, one, minimal));
  const next = following(step, window, world.settings().directory_replays > 0);
  return answer(request, asked, {
    value,
    ...(next ? { step: next } : { resume: { after: step.began, last: step.main } }),
  });
}

// What comes again stands behind what is new: a replay never tells an older state than the page it is on.
function mainWindow(context: WindowContext, { main, at, place, before }: Step): Window {
  const settings = context.world.settings();
  const size = settings.directory_page_size;
  const links = settings.directory_member_slice;
  const window = readWindow(context, main, { at, to: main.to, place, every: 1, size, links });
  const every = settings.directory_replays;
  if (every === 0 || before === null || before >= at) return window;
  const from = main.over === "all" ? Math.ceil(before / every) * every : before;
  const again = readWindow(context, main, { at: from, to: at, every, size, links: REPLAYED_LINKS });
  return { ...window, touched: [...window.touched, ...again.touched] };
}

function echoWindow(context: WindowContext, { echo, at }: Step): Window {
  const { directory_replays: every, directory_page_size: size } = context.world.settings();
  if (echo === null || every === 0) return { touched: [] };
  const window = readWindow(context, echo, { at, to: echo.to, every, size, links: REPLAYED_LINKS });
  // A replay repeats an object, not all of its links: inside of a group it does not go on.
  const { touched, next } = window;
  return { touched, ...(next && { next: { at: next.place === undefined ? next.at : next.at + every } }) };
}

function following(
  step: Step,
  { next }: { touched: Touched[]; next?: Window["next"] },
  replays: boolean,
): Step | undefined {
  const { main, at } = step;
  const onward = { ...step, page: step.page + 1 };
  if (step.echo !== null) {
    if (next !== undefined && next.at > at) return { ...onward, at: next.at, place: null };
    return { ...onward, echo: null, at: main.from, place: null, before: null };
  }
  if (next !== undefined) return { ...onward, at: next.at, place: next.place ?? null, before: at };
  // One page more, for what comes again of the last.
  return replays && at < main.to ? { ...onward, at: main.to, place: null, before: at } : undefined;
}

function answer(
  { d, kind, url }: DeltaRequest,
  asked: Asked,
  { value, step, resume }: { value: unknown[]; step?: Step; resume?: Resume },
): Record<string, unknown> {
  const context: LinkContext = { world: d.world, t: d.t, kind };
  const base = `${url.origin}${url.pathname}`;
  const names = asked.select === null ? "" : `(${asked.select.join(",")})`;
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#${kind}s${names}`,
    ...(step && { "@odata.nextLink": `${base}?$skiptoken=${skipToken(context, asked, step)}` }),
    ...(resume && { "@odata.deltaLink": `${base}?$deltatoken=${deltaToken(context, asked, resume)}` }),
    value,
  };
}

function readDeltaSelect(kind: ObjectKind, url: URL): string[] | null {
  const names = readSelect(kind, url.searchParams.get("$select"), true) ?? null;
  const untracked = names?.filter((name) => SHAPES[kind].elsewhere.includes(name)) ?? [];
  if (untracked.length === 0) return names;
  const text = `Invalid request for delta query: for this entity set, $expand/$select is not supported for the following properties: ${untracked.join(", ")}`;
  throw new GraphError(400, "BadRequest", text);
}

function unsupported(what: string): GraphError {
  return new GraphError(400, "BadRequest", `The query parameter '${what}' is not supported with change tracking.`);
}

const REFUSED = ["$expand", "$top", "$orderby", "$search", "$skip", "$count"];
const REPLAYED_LINKS = 20;
const START = { at: 0, place: null, before: null, page: 1 };
