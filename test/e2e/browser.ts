/** As much of a browser as a sign-in needs: links, forms, redirects and cookies. */

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

  /** Presses the first button that shows `label`: sends the form around it, hidden fields and ticked boxes and all. */
  async press(page: Page, label: string): Promise<Page> {
    const forms = [...page.text.matchAll(/<form\b([^>]*)>(.*?)<\/form\s*>/gs)];
    for (const [, form = "", text = ""] of forms) {
      const button = buttonsOf({ text }).find((one) => one.text.includes(label));
      if (!button) continue;
      if (attribute(form, "method") !== "get") throw new Error("only forms sent by GET are known here");
      const target = new URL(attribute(form, "action") ?? page.url, page.url);
      target.search = new URLSearchParams([...fieldsOf(text), [button.name, button.value]]).toString();
      return this.open(target);
    }
    throw new Error(`no button says ${label}`);
  }

  /** The names of the cookies that the browser holds for an address. */
  cookies(address: string): string[] {
    return [...(this.#cookies.get(new URL(address).origin)?.keys() ?? [])];
  }
}

/** The buttons of a page and what they say. */
export function buttonsOf({ text }: Pick<Page, "text">): { name: string; value: string; text: string }[] {
  return [...text.matchAll(/<button\b([^>]*)>(.*?)<\/button\s*>/gs)].map(([, tag = "", inside = ""]) => ({
    name: attribute(tag, "name") ?? "",
    value: attribute(tag, "value") ?? "",
    text: decoded(inside.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ")).trim(),
  }));
}

/** What a form sends: not what has no name, is disabled, or is a box without its tick. */
function fieldsOf(text: string): [string, string][] {
  return [...text.matchAll(/<input\b([^>]*)>/g)].flatMap(([, input = ""]): [string, string][] => {
    const name = attribute(input, "name");
    const unticked = attribute(input, "type") === "checkbox" && !/\schecked\b/.test(input);
    return name === undefined || unticked || /\sdisabled\b/.test(input)
      ? []
      : [[name, attribute(input, "value") ?? ""]];
  });
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
