/** The calendar as an application calls it, and what the stand-in's Graph heard of it. */
import type { EventPage } from "../../src/calendar/list-events.ts";
import { call, connect, sandbox, send, type TokenClaims } from "../support.ts";

export const CALENDAR = "/api/v1/calendar/microsoft";
export const EVENTS = `${CALENDAR}/events`;

/** An error body, as far as tests look at it. */
export interface Problem {
  readonly code: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly authorize_path: string;
}

/** What Graph heard of one request. */
export interface Heard {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, unknown>>;
  readonly status: number;
}

/** A new caller, connected to an account of its own unless `person` names one. Nobody shares a mailbox or a limit. */
export async function connected(person?: string, base?: string): Promise<TokenClaims> {
  const sub = `user-${crypto.randomUUID()}`;
  const answer = await connect({ sub }, person ?? sub, base);
  const body = await answer.text();
  if (answer.status !== 200) throw new Error(`not connected: ${body}`);
  return { sub };
}

/** An event from nine to ten in Rome, with changes. */
export function newEvent(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    subject: "Audit",
    start: { date_time: "2026-11-20T09:00:00", time_zone: "Europe/Rome" },
    end: { date_time: "2026-11-20T10:00:00", time_zone: "Europe/Rome" },
    ...fields,
  };
}

/** Creates an event and gives its body. Throws where the answer is not 201. */
export async function created(who: TokenClaims, fields: Record<string, unknown> = {}, events = EVENTS) {
  const answer = await send("POST", events, who, newEvent(fields));
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.json<EventPage["events"][number]>();
}

/** One page of events. Throws where the answer is not 200. */
export async function listed(who: TokenClaims, query: Record<string, string> = {}, events = EVENTS) {
  const answer = await call(`${events}?${new URLSearchParams(query).toString()}`, who);
  if (answer.status !== 200) throw new Error(await answer.text());
  return answer.json<EventPage>();
}

/** The status and the body of a refusal. */
export async function refusal(answer: Promise<Response>): Promise<Problem & { readonly status: number }> {
  const { status, headers, body } = await read<Problem>(answer);
  if (headers.get("Content-Type") !== "application/problem+json") throw new Error(`no problem: ${status}`);
  return { ...body, status };
}

/** An answer with its body read. */
export async function read<T>(answer: Promise<Response>): Promise<{ status: number; headers: Headers; body: T }> {
  const given = await answer;
  return { status: given.status, headers: given.headers, body: await given.json<T>() };
}

/** What the stand-in heard, oldest first. */
export async function heard(path = "/v1.0/*"): Promise<readonly Heard[]> {
  const answer = await sandbox("GET", `requests?path=${encodeURIComponent(path)}`);
  const { requests } = await answer.json<{ requests: Heard[] }>();
  return requests;
}

/** Lets the stand-in forget what it heard. */
export async function forgetHeard(): Promise<void> {
  await sandbox("DELETE", "requests");
}

/** Plans one fault. */
export async function plan(fault: Record<string, unknown>): Promise<void> {
  const answer = await sandbox("POST", "faults", fault);
  if (answer.status !== 201) throw new Error(await answer.text());
}
