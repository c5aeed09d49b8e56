/** What a person and an application do with the Worker: its public API, and a browser that goes where it is sent. */
import { SignJWT } from "jose";
import { Browser, type Page } from "../e2e/browser.ts";
import { JWT_SECRET, PUBLIC_URL, type RunningWorker } from "./worker.ts";

const BASE = "/api/v1/oauth";
/** Redirects that a sign-in takes at most. */
const MOST_STEPS = 12;

/** A JSON answer. */
export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A connection as the API shows it, as far as the tests look. */
export interface Integration {
  readonly id: string;
  readonly provider: string;
  readonly status: string;
  readonly [member: string]: unknown;
}

/** Somebody who calls the API. */
export class Caller {
  readonly #worker: RunningWorker;
  readonly #token: Promise<string>;

  constructor(worker: RunningWorker, sub: string) {
    this.#worker = worker;
    // It outlives what a test adds to the Worker's clock.
    const claims = new SignJWT({ sub, scope: "tokens:read proxy" }).setProtectedHeader({ alg: "HS256" });
    this.#token = claims.setIssuedAt().setExpirationTime("400d").sign(new TextEncoder().encode(JWT_SECRET));
  }

  /** Sends a request to the Worker. A path that begins with a slash and no `/api` is one of the manager's. */
  async send(method: string, path: string, body?: object): Promise<Reply> {
    const url = this.#worker.url + (path.startsWith("/api") ? "" : BASE) + path;
    const headers = { Authorization: `Bearer ${await this.#token}`, "Content-Type": "application/json" };
    const answer = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : (JSON.parse(text) as Reply["body"]) };
  }

  /** Begins a sign-in, goes through the provider's pages, and gives where its last redirect leads. */
  async signIn(provider: string, person = "ana"): Promise<URL> {
    const started = await this.send("POST", "/authorize", { provider, login_hint: person });
    if (started.status !== 200) throw new Error(`not started: ${JSON.stringify(started)}`);
    return follow(String(started.body["authorization_url"]));
  }

  /** Calls back. What the browser brings is the Worker's own address with another origin. */
  async callBack({ pathname, search }: URL): Promise<Reply> {
    return this.send("GET", pathname + search);
  }

  /** Connects an account, and gives the connection. */
  async connect(provider: string, person = "ana"): Promise<Integration> {
    const { status, body } = await this.callBack(await this.signIn(provider, person));
    if (status !== 200) throw new Error(`not connected: ${status} ${JSON.stringify(body)}`);
    return body["connection"] as Integration;
  }

  /** An access token. */
  async token(id: string, query = ""): Promise<string> {
    const { status, body } = await this.send("GET", `/integrations/${id}/token${query}`);
    if (status !== 200) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    return String(body["access_token"]);
  }
}

/** Opens an address and follows its redirects until they lead back to the Worker. */
export async function follow(address: string): Promise<URL> {
  const browser = new Browser();
  let page: Page = await browser.open(address);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const location = page.headers.get("Location");
    if (location === null) throw new Error(`the provider stopped: ${page.status} ${page.text.slice(0, 500)}`);
    const to = new URL(location, page.url);
    if (to.origin === PUBLIC_URL) return to;
    page = await browser.follow(page);
  }
  throw new Error("the provider goes in circles");
}
