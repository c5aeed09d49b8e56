/** Names in the DNS, asked for by HTTPS (RFC 8484's JSON form, at Cloudflare's resolver): a Worker has no resolver of its own. */
import * as z from "zod";
import type { Sender } from "../../lib/http.ts";
import { parseJson } from "../../lib/json.ts";

const RESOLVER = "https://cloudflare-dns.com/dns-query";
const TIMEOUT_MS = 2500;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;
/** Numbers of the record types (RFC 1035, 3596). */
const RECORDS = { A: 1, AAAA: 28 } as const;

const answerSchema = z.object({
  Status: z.number(),
  Answer: z.array(z.object({ type: z.number() })).optional(),
});

/**
 * Looks hosts up: true where one has an address, false where the DNS says that it has none, undefined where nobody could
 * be asked. Never throws.
 */
export function createResolver(sender: Sender): (host: string) => Promise<boolean | undefined> {
  const ask = async (host: string, type: keyof typeof RECORDS): Promise<boolean | undefined> => {
    const url = `${RESOLVER}?${new URLSearchParams({ name: host, type }).toString()}`;
    const headers = { Accept: "application/dns-json" };
    const { status, text } = await sender.send({ url, headers, label: "dns", timeoutMs: TIMEOUT_MS, maxBytes: 65_536 });
    const read = status === 200 ? answerSchema.safeParse(parseJson(text)) : undefined;
    if (!read?.success) return undefined;
    const { Status, Answer = [] } = read.data;
    if (Status === NO_SUCH_NAME) return false;
    return Status === NO_ERROR ? Answer.some((record) => record.type === RECORDS[type]) : undefined;
  };
  return async (host) => {
    const answers = await Promise.all((["A", "AAAA"] as const).map((type) => ask(host, type).catch(() => undefined)));
    if (answers.includes(true)) return true;
    return answers.includes(undefined) ? undefined : false;
  };
}
