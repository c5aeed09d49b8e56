/**
 * Logs are read by windows of time, the oldest first: a window counts when its last page is written, and only then does
 * the watermark move. Each reading begins before the watermark, because entries arrive late; ids tell what is known.
 */
import type { Directory } from "../directory.ts";
import type { ResourceName } from "../resources.ts";
import { changeResource, resourceState, type ResourceState } from "../store/state.ts";
import { saveTask, type Task, type Window } from "./records.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Entries become visible up to this long after their time. */
const OVERLAP_MS = 60 * MINUTE_MS;
/** What Graph keeps ("How long does Microsoft Entra ID store reporting data?"); of alerts, which are kept for longer, what is kept here. */
const RETENTION_MS: Partial<Record<ResourceName, number>> = { alerts: 90 * DAY_MS };
const USUAL_RETENTION_MS = 30 * DAY_MS;
/** A window may be as long as its pages are few. */
const FIRST_SPAN_MS = 15 * DAY_MS;
const LONGEST_SPAN_MS = 60 * DAY_MS;
const FEW_PAGES = 1;
const MANY_PAGES = 10;
/** A window of this length is not made smaller. */
export const LEAST_SPAN_MS = MINUTE_MS;

/** SQLite in an object ends at 10 GB; the logs stop before it does. */
export const MOST_BYTES = 9_000_000_000;

/** The first window of a task. */
export function firstWindow(task: Task, { watermark }: ResourceState, now: number): Task {
  const oldest = now - (RETENTION_MS[task.resource] ?? USUAL_RETENTION_MS);
  const from = task.round === "full" || watermark === null ? oldest : Math.max(oldest, watermark - OVERLAP_MS);
  const spanMs = FIRST_SPAN_MS;
  return { ...task, window: { from, to: Math.min(now, from + spanMs), until: now, spanMs, firstPage: 0 } };
}

/** Goes on to the next window after the last page of one, in the transaction of that page. */
export function endWindow({ sql, clock }: Directory, task: Task): Task {
  const { window } = task;
  if (!window) return saveTask(sql, { ...task, state: "done", endedAt: clock.now() });
  const { watermark } = resourceState(sql, task.resource);
  // A full run reads what is known already: until when nothing is missing does not go back by it.
  const reached = { watermark: Math.max(watermark ?? 0, window.to) };
  const { circle: _other, ...rest } = task;
  if (window.to < window.until) {
    changeResource(sql, task.resource, reached);
    return saveTask(sql, { ...rest, window: after(fitting(window, task.pages), task.pages) });
  }
  changeResource(sql, task.resource, { ...reached, readAt: task.startedAt ?? clock.now(), poisoned: 0 });
  return saveTask(sql, { ...rest, state: task.setAside > 0 ? "incomplete" : "done", endedAt: clock.now() });
}

/** The same beginning with half the length, for a window that asks too much; undefined where it is no longer than `leastMs`. */
export function halved(task: Task, leastMs = LEAST_SPAN_MS): Task | undefined {
  const { window } = task;
  if (!window || window.to - window.from <= leastMs) return undefined;
  const spanMs = Math.max(LEAST_SPAN_MS, Math.ceil((window.to - window.from) / 2));
  const { url: _page, circle: _links, ...rest } = task;
  return { ...rest, window: { ...window, spanMs, to: window.from + spanMs } };
}

/** Leaves a window out and goes on behind it; undefined where none is left. */
export function beyond(task: Task): Task | undefined {
  const { window } = task;
  if (!window || window.to >= window.until) return undefined;
  const { url: _page, circle: _links, ...rest } = task;
  return { ...rest, window: after(window, task.pages) };
}

/** The length of the next window follows from how many pages this one had. */
function fitting(window: Window, pages: number): Window {
  const had = pages - window.firstPage;
  if (had <= FEW_PAGES) return { ...window, spanMs: Math.min(LONGEST_SPAN_MS, window.spanMs * 2) };
  return had > MANY_PAGES ? { ...window, spanMs: Math.max(LEAST_SPAN_MS, window.spanMs / 2) } : window;
}

function after(window: Window, pages: number): Window {
  return { ...window, from: window.to, to: Math.min(window.until, window.to + window.spanMs), firstPage: pages };
}
