/** What an answer of Graph means for a reading. Branches on status and code, never on messages. No I/O. */
import * as z from "zod";
import { readRefusal } from "../../graph/refusal.ts";
import type { Answer } from "../../lib/http.ts";
import { parseJson } from "../../lib/json.ts";
import type { TaskTrouble } from "./records.ts";

/** What came of asking for a page. */
export type Outcome =
  | {
      readonly kind: "page";
      readonly page: Page;
      /** Share of the limit that is used up, where Graph says. */ readonly strain: number;
    }
  /** The link leads nowhere any more: everything has to be read again. */
  | { readonly kind: "reset"; readonly trouble: TaskTrouble }
  /** The workload asks for patience, or nothing could be had of it at all. */
  | {
      readonly kind: "wait";
      readonly why: "throttled" | "silent";
      readonly retryAfterS: number | undefined;
      readonly trouble: TaskTrouble;
    }
  /** Graph will not let this be read, whenever it is asked. */
  | { readonly kind: "refused"; readonly status: number; readonly trouble: TaskTrouble }
  /** This page cannot be had, or not be read. */
  | { readonly kind: "spoiled"; readonly trouble: TaskTrouble }
  /** The application itself is refused. */
  | { readonly kind: "stopped"; readonly trouble: TaskTrouble };

/** A page of any collection. */
export interface Page {
  readonly items: readonly unknown[];
  readonly nextLink: string | undefined;
  readonly deltaLink: string | undefined;
  /** Of its text. */
  readonly characters: number;
}

/** Where a link came from decides what a refusal of it means. */
export interface Asked {
  /** True for a link that Graph itself gave. */
  readonly given: boolean;
}

// Facts: "use delta query", handling of 410, in all forms that were seen.
const RESET_CODES = new Set(["syncstatenotfound", "syncstateinvalid", "resyncrequired", "fullsyncrequired"]);
const THROTTLED = new Set([429, 509]);
const SILENT = new Set([408, 502, 503, 504]);

const Body = z.object({
  value: z.array(z.unknown()),
  "@odata.nextLink": z.string().nullish(),
  "@odata.deltaLink": z.string().nullish(),
});

/** The meaning of an answer. */
export function outcomeOf(answer: Answer, { given }: Asked): Outcome {
  if (answer.status >= 200 && answer.status < 300) return pageOf(answer);
  const { status, code, requestId } = readRefusal(answer);
  const trouble = (name: string, detail: string): TaskTrouble => ({
    code: name,
    detail,
    providerCode: code,
    ...(requestId === undefined ? {} : { requestId }),
  });
  // A token of ours that Graph cannot read is gone all the same: "Badly formed token", or an expired page.
  if (status === 410 || RESET_CODES.has(code.toLowerCase()) || (given && (status === 400 || status === 404))) {
    return { kind: "reset", trouble: trouble("link_gone", "Microsoft Graph no longer knows the link.") };
  }
  if (THROTTLED.has(status)) {
    const detail = "Microsoft Graph is throttling this workload.";
    return { kind: "wait", why: "throttled", retryAfterS: answer.retryAfterS, trouble: trouble("throttled", detail) };
  }
  if (SILENT.has(status)) {
    const detail = "Microsoft Graph is unavailable.";
    return { kind: "wait", why: "silent", retryAfterS: answer.retryAfterS, trouble: trouble("unavailable", detail) };
  }
  // A fresh token as well: whatever is wrong, it is not with this page. Other codes are one workload's own refusal.
  if (status === 401 && code.toLowerCase() === "invalidauthenticationtoken")
    return { kind: "stopped", trouble: trouble("token_rejected", "Microsoft Graph refuses the token.") };
  if (status >= 500)
    return { kind: "spoiled", trouble: trouble("page_refused", "Microsoft Graph fails at this page.") };
  return { kind: "refused", status, trouble: trouble("refused", "Microsoft Graph does not let this be read.") };
}

function pageOf(answer: Answer): Outcome {
  const { data } = Body.safeParse(parseJson(answer.text));
  if (!data) {
    return {
      kind: "spoiled",
      trouble: { code: "page_unreadable", detail: "Microsoft Graph sent a page that cannot be read." },
    };
  }
  const page = {
    items: data.value,
    nextLink: data["@odata.nextLink"] ?? undefined,
    deltaLink: data["@odata.deltaLink"] ?? undefined,
    characters: answer.text.length,
  };
  return { kind: "page", page, strain: Number(answer.headers.get("x-ms-throttle-limit-percentage") ?? 0) || 0 };
}
