/** As much of a browser as a sign-in needs: links, one form, redirects and cookies. */

/** A page that was opened. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Opens pages, follows no redirect by itself, and keeps cookies for each origin. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async open(address: string | URL, headers: Record<string, string> = {}): Promise<Page> {
    const url = new URL(address);
    const jar = this.#cookies.get(url.origin) ?? new Map<string, string>();
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { ...headers, ...(cookie && { Cookie: cookie }) } });
    for (const line of answer.headers.getSetCookie()) store(jar, line);
    this.#cookies.set(url.origin, jar);
    return { url, status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  /** Goes where a redirect leads. */
  async follow({ url, status, headers }: Page): Promise<Page> {
    const location = headers.get("Location");
    if (status < 300 || status > 399 || location === null) throw new Error(`no redirect: ${status}`);
    return this.open(new URL(location, url));
  }

  /** Presses the button that shows `label`: sends the form around it, hidden fields and all. */
  async press(page: Page, label: string): Promise<Page> {
    const button = buttonsOf(page).find((one) => one.text.includes(label));
    const form = /<form\b([^>]*)>/.exec(page.text)?.[1];
    if (!button || form === undefined) throw new Error(`no button says ${label}`);
    if (attribute(form, "method") !== "get") throw new Error("only forms sent by GET are known here");
    const target = new URL(attribute(form, "action") ?? page.url, page.url);
    const fields = [...page.text.matchAll(/<input\b([^>]*)>/g)].map(([, input = ""]) => input);
    target.search = new URLSearchParams([
      ...fields.map((input): [string, string] => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""]),
      [button.name, button.value],
    ]).toString();
    return this.open(target);
  }

  /** The names of the cookies that the browser holds for an address. */
  cookies(address: string): string[] {
    return [...(this.#cookies.get(new URL(address).origin)?.keys() ?? [])];
  }
}

/** The buttons of a page and what they say. */
export function buttonsOf({ text }: Page): { name: string; value: string; text: string }[] {
  return [...text.matchAll(/<button\b([^>]*)>(.*?)<\/button\s*>/gs)].map(([, tag = "", inside = ""]) => ({
    name: attribute(tag, "name") ?? "",
    value: attribute(tag, "value") ?? "",
    text: decoded(inside.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ")).trim(),
  }));
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : decoded(value);
}

function decoded(text: string): string {
  const plain = text.replaceAll("&quot;", '"').replaceAll("&#39;", "'");
  return plain.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function store(jar: Map<string, string>, line: string): void {
  const [pair = ""] = line.split(";");
  const name = pair.slice(0, pair.indexOf("="));
  if (/;\s*max-age=0\b/i.test(line)) jar.delete(name);
  else jar.set(name, pair.slice(name.length + 1));
}
