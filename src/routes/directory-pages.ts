/** Answers of lists: a page as JSON with the cursor of the next one, or all rows as a stream. */
import * as z from "zod";
import { headLine, tableFields } from "../directory/read/cells.ts";
import type { Field } from "../directory/read/fields.ts";
import type { Format } from "../directory/read/parse.ts";
import type { Answer, Paging, Place, Question } from "../directory/read/question.ts";
import { packCursor, unpackCursor } from "../lib/cursor.ts";
import { sha256 } from "../lib/digest.ts";
import { type Result, unwrap } from "../lib/errors.ts";
import type { HostedContext } from "./context.ts";
import { recordTenant } from "./directory-trail.ts";
import { askDirectory } from "./directory.ts";

/** A list that is asked for. */
export interface Listed {
  /** What its rows are called. */
  readonly name: string;
  readonly format: Format;
  readonly cursor: string | undefined;
  readonly fields: Readonly<Record<string, Field>>;
  /** The fields of a row, in their order. */
  readonly names: readonly string[];
  /** The question of the page that begins there. */
  readonly question: (place: Pick<Paging, "after" | "now">) => Question;
}

/** Where the next page begins, and when the walk began: what is counted in days before now must not move under it. */
const WalkPlace = z.strictObject({ sorted: z.union([z.string(), z.number(), z.null()]), n: z.int(), now: z.int() });

/** The answer of a list. Failures: those of its cursor and of {@link answer}; once a stream has begun it is broken off, so that nobody takes a part for the whole. */
export async function answerPages(c: HostedContext, listed: Listed): Promise<Response> {
  return listed.format === "json" ? onePage(c, listed) : allPages(c, listed, listed.format);
}

async function onePage(c: HostedContext, { name, cursor, question }: Listed): Promise<Response> {
  const walk = await walkOf(c, question({ after: undefined, now: 0 }));
  const place = cursor === undefined ? undefined : unpackCursor(walk, WalkPlace, cursor);
  const now = place?.now ?? Date.now();
  const { rows, next, count } = unwrap(
    await askCopy(c, question({ after: place && { sorted: place.sorted, n: place.n }, now })),
  );
  const rest = {
    next_cursor: next ? packCursor(walk, { ...next, now }) : null,
    ...(count === undefined ? {} : { count }),
  };
  // The rows are JSON already: parsing them to write them again would cost more than finding them.
  const body = `{${JSON.stringify(name)}:[${rows.join(",")}],${JSON.stringify(rest).slice(1)}`;
  return c.body(body, 200, { "Content-Type": "application/json" });
}

/** A cursor belongs to its list, its filters and its order; how many rows of which fields a page has may change on the way. */
async function walkOf(c: HostedContext, question: Question): Promise<string> {
  const {
    limit: _limit,
    count: _count,
    fields: _fields,
    ...bound
  } = { limit: 0, count: false, fields: [], ...question };
  const hash = await sha256(JSON.stringify([c.req.path.replace(/\/$/, ""), bound]));
  return `directory/${hash.slice(0, 22)}`;
}

/** The answer of the caller's directory to a question. */
export function askCopy(c: HostedContext, question: Question): Promise<Result<Answer>> {
  return askDirectory(c, async (directory): Promise<Result<Answer>> => directory.read(question));
}

const TYPES = { csv: "text/csv; charset=utf-8; header=present", ndjson: "application/x-ndjson" } as const;

/** All rows, a page in memory at a time. The first page is read before anything is answered: what cannot be asked is a problem, not a stream. */
async function allPages(c: HostedContext, listed: Listed, format: "csv" | "ndjson"): Promise<Response> {
  const now = Date.now();
  const table = format === "csv" ? tableFields(listed.fields, listed.names) : undefined;
  const pageAt = (after: Place | undefined) => ({ ...listed.question({ after, now }), ...(table && { table }) });
  const first = await askCopy(c, pageAt(undefined));
  const detail = { list: listed.name, format };
  await recordTenant(c, "tenant_export", { answer: first, detail });
  let page: Answer | undefined = unwrap(first);
  let next: Place | undefined;
  let head = table ? headLine(table) : "";
  const encoder = new TextEncoder();
  const log = c.get("log");
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      try {
        page ??= unwrap(await askCopy(c, pageAt(next)));
      } catch (error) {
        log.error("directory_export", { ...detail, failure: error instanceof Error ? error.message : "unknown" });
        return stream.error(error);
      }
      // The object that read the rows wrote their lines, and has time of its own for each page.
      const text = head + (table ? page.rows.join("") : page.rows.map((row) => `${row}\n`).join(""));
      head = "";
      ({ next } = page);
      page = undefined;
      if (text !== "") stream.enqueue(encoder.encode(text));
      if (!next) stream.close();
    },
  });
  return c.body(body, 200, {
    "Content-Type": TYPES[format],
    "Content-Disposition": `attachment; filename="${listed.name.replaceAll("_", "-")}.${format}"`,
  });
}
