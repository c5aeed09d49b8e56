/** Collections and their pages (https://learn.microsoft.com/graph/paging). */
import * as z from "zod";
import { failure } from "../lib/errors.ts";
import type { Graph, GraphRequest } from "./client.ts";

/** One page of a collection. It may be empty and still have a next one. */
export interface GraphPage {
  readonly items: readonly unknown[];
  /** Absolute and opaque; pass it as `url`, which checks where it leads. */
  readonly nextLink: string | undefined;
}

const Page = z.object({ value: z.array(z.unknown()), "@odata.nextLink": z.string().nullish() });

/** The page in an answer's body. Failure: `provider_error`. */
export function readPage(body: unknown): GraphPage {
  const { data, error } = Page.safeParse(body);
  if (data === undefined) {
    throw failure("provider_error", "Microsoft Graph sent a list that cannot be read.", { cause: error });
  }
  return { items: data.value, nextLink: data["@odata.nextLink"] ?? undefined };
}

/** All items of a collection, at most `maxPages` pages of it. */
export async function collect(graph: Graph, first: GraphRequest, maxPages: number): Promise<unknown[]> {
  const items: unknown[] = [];
  let request = first;
  for (let page = 1; page <= maxPages; page += 1) {
    const answer = await graph.request(request);
    const { items: more, nextLink } = readPage(answer.body);
    items.push(...more);
    if (nextLink === undefined) break;
    request = { ...rest(first), url: nextLink };
  }
  return items;
}

/** A link carries its whole query, so the headers, the scopes and the label are all that is kept. */
function rest({ headers, needs, label }: GraphRequest): Omit<GraphRequest, "path" | "query" | "url"> {
  return { label, ...(headers && { headers }), ...(needs && { needs }) };
}
