/** What is kept of what happened: the audit trail and its proof, consents, analytics. */
import { Hono } from "hono";
import * as z from "zod";
import { figuresOf } from "../connections/analytics.ts";
import { verifyChain } from "../connections/verify-chain.ts";
import type { ConsentFilter, ConsentPlace } from "../db/consents.ts";
import { type Counter, EVERYBODY } from "../db/counters.ts";
import { packCursor, unpackCursor } from "../lib/cursor.ts";
import { failure } from "../lib/errors.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { limited } from "./guards.ts";
import type { System } from "./premises.ts";
import { AnalyticsQuery, AuditQuery, ConsentQuery, daysBefore, VerifyQuery } from "./record-query.ts";
import { broughtUpToDate, givenIn, readerOf, recordReading } from "./record-reader.ts";
import { shapeCheck, shapeConsent, shapeRecord } from "./record-shapes.ts";
import { valid } from "./respond.ts";

const EXPORT_PAGE = 200;
/** Counters are read so many days at a time: an answer of D1 has a size. */
const DAYS_AT_ONCE = 31;

const AuditPlace = z.strictObject({ at: z.int(), seq: z.int(), id: z.string() });
const ConsentCursor = z.strictObject({ at: z.int(), id: z.string() });
const ChainPlace = z.strictObject({ from: z.int(), seq: z.int(), hash: z.string(), records: z.int() });

/** The routes of the records, below `oauth`. */
export function oauthRecords() {
  const guards = limited("own_connections", "reads");
  return new Hono<Hosted>({ strict: false })
    .get("/audit", ...guards, listAudit)
    .get("/audit/verify", ...guards, verifyAudit)
    .get("/consents", ...guards, listConsents)
    .get("/analytics", ...guards, analytics);
}

async function listAudit(c: HostedContext): Promise<Response> {
  const { limit, cursor, owner: asked, ...filter } = valid(AuditQuery, c.req.query());
  const reader = readerOf(c, asked);
  const after = cursor === undefined ? undefined : unpackCursor("audit", AuditPlace, cursor);
  await broughtUpToDate(c, reader);
  const rows = await c.get("system").audit.list({ ...filter, owner: reader.owner }, { after, limit });
  await recordReading(c, reader, { what: "audit", ...givenIn(filter), records: rows.length });
  const last = rows.length === limit ? rows.at(-1) : undefined;
  const next = last && packCursor("audit", { at: last.at, seq: last.seq ?? 0, id: last.id });
  return c.json({ records: rows.map(shapeRecord), next_cursor: next ?? null });
}

async function verifyAudit(c: HostedContext): Promise<Response> {
  const { owner: asked, cursor } = valid(VerifyQuery, c.req.query());
  // An operator has a chain too: whose it is must be said only where it is another's.
  const reader = readerOf(c, asked ?? c.get("caller").owners[c.get("system").name]);
  const after = cursor === undefined ? undefined : unpackCursor("audit_verify", ChainPlace, cursor);
  const { owner } = reader;
  if (owner === undefined) throw failure("internal", "A chain has one owner.");
  const { name: system, audit: rows } = c.get("system");
  const head = async () => (await broughtUpToDate(c, reader)) ?? { seq: 0, hash: "" };
  const check = await verifyChain({ system, owner, rows, head }, { after });
  await recordReading(c, reader, { what: "audit_verify", records: check.progress.records });
  return c.json(shapeCheck(check, check.next ? packCursor("audit_verify", { ...check.next }) : null));
}

async function listConsents(c: HostedContext): Promise<Response> {
  const { limit, cursor, format, owner: asked, ...narrowing } = valid(ConsentQuery, c.req.query());
  const reader = readerOf(c, asked);
  const filter = { ...narrowing, owner: reader.owner };
  const after = cursor === undefined ? undefined : unpackCursor("consents", ConsentCursor, cursor);
  await recordReading(c, reader, { what: "consents", format, ...givenIn(narrowing) });
  if (format === "ndjson") return exported(c, filter, after);
  const records = await c.get("system").consents.list(filter, { after, limit });
  const last = records.length === limit ? records.at(-1) : undefined;
  const next = last && packCursor("consents", { at: last.at, id: last.id });
  return c.json({ consents: records.map(shapeConsent), next_cursor: next ?? null });
}

/** Everything from `after` on, a line each, a page in memory at a time. */
function exported(c: HostedContext, filter: ConsentFilter, after: ConsentPlace | undefined): Response {
  const { consents } = c.get("system");
  const encoder = new TextEncoder();
  let place = after;
  const lines = new ReadableStream<Uint8Array>({
    async pull(stream) {
      const records = await consents.list(filter, { after: place, limit: EXPORT_PAGE });
      place = records.at(-1);
      const text = records.map((record) => `${JSON.stringify(shapeConsent(record))}\n`).join("");
      if (text !== "") stream.enqueue(encoder.encode(text));
      if (records.length < EXPORT_PAGE) stream.close();
    },
  });
  return c.body(lines, 200, {
    "Content-Type": "application/x-ndjson",
    "Content-Disposition": 'attachment; filename="consents.ndjson"',
  });
}

async function analytics(c: HostedContext): Promise<Response> {
  const { owner: asked, ...range } = valid(AnalyticsQuery, c.req.query());
  const reader = readerOf(c, asked);
  await broughtUpToDate(c, reader);
  const days = figuresOf(await countersOf(c.get("system"), reader.owner ?? EVERYBODY, range));
  await recordReading(c, reader, { what: "analytics", ...givenIn(range) });
  return c.json({ from: range.from, to: range.to, days });
}

async function countersOf(
  { counters }: System,
  owner: string,
  { from, to, provider }: z.infer<typeof AnalyticsQuery>,
): Promise<Counter[]> {
  const found: Counter[][] = [];
  for (let first = from; first <= to; first = daysBefore(first, -DAYS_AT_ONCE)) {
    const last = daysBefore(first, 1 - DAYS_AT_ONCE);
    found.push(await counters.daily(owner, { from: first, to: last < to ? last : to, provider }));
  }
  return found.flat();
}
