import { pathMatches } from "./faults.ts";
import { sha256Hex } from "./ids.ts";
import type { SandboxStore } from "./store.ts";

/** One request as the sandbox received it; secrets are replaced by their hashes. */
export interface LoggedRequest {
  id: number;
  /** When it arrived by the sandbox's clock, RFC 3339. */
  at: string;
  /** When it was answered, or dropped. */
  done_at: string;
  method: string;
  host: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  form?: Record<string, string>;
  json?: unknown;
  grant_type?: string;
  /** The status answered, or 0 when the answer was dropped. */
  status: number;
}

/** How many of the latest requests are kept. */
export const LOG_SIZE = 5_000;

const SEQUENCE = "request-sequence";
const SECRETS = new Set([
  "access_token",
  "assertion",
  "client_assertion",
  "client_secret",
  "code",
  "code_verifier",
  "id_token",
  "password",
  "refresh_token",
  "token",
]);
const HEADERS = [
  "authorization",
  "client-request-id",
  "content-type",
  "if-match",
  "origin",
  "prefer",
  "user-agent",
  "x-request-id",
  "traceparent",
];

/** Describes a request without keeping a secret of it. */
export async function describeRequest(
  request: Request,
  body: string,
): Promise<Omit<LoggedRequest, "id" | "at" | "done_at" | "status">> {
  const url = new URL(request.url);
  const type = request.headers.get("Content-Type") ?? "";
  const form = type.startsWith("application/x-www-form-urlencoded") ? new URLSearchParams(body) : undefined;
  const json = type.startsWith("application/json") ? parsed(body) : undefined;
  const grantType = form?.get("grant_type") ?? grantTypeIn(json);
  return {
    method: request.method,
    host: url.host,
    path: url.pathname,
    query: await withoutSecrets(Object.fromEntries(url.searchParams)),
    headers: await selectedHeaders(request.headers),
    ...(form && { form: await withoutSecrets(Object.fromEntries(form)) }),
    ...(json !== undefined && { json: await redacted(json) }),
    ...(grantType && { grant_type: grantType }),
  };
}

function grantTypeIn(json: unknown): string | undefined {
  const type: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "grant_type") : undefined;
  return typeof type === "string" ? type : undefined;
}

/** Keeps an entry and lets go of the one that no longer fits. */
export function logRequest(store: SandboxStore, entry: Omit<LoggedRequest, "id">): void {
  const id = (store.get<number>(SEQUENCE) ?? 0) + 1;
  store.put(SEQUENCE, id);
  store.put(entryKey(id), { ...entry, id });
  store.delete(entryKey(id - LOG_SIZE));
}

/** What was received, oldest first; each filter narrows it. */
export function listRequests(store: SandboxStore, filter: Partial<Record<string, string>>): LoggedRequest[] {
  const { path, host, method, grant_type: grantType } = filter;
  return store
    .list<LoggedRequest>("request:")
    .map(([, entry]) => entry)
    .filter((entry) => path === undefined || pathMatches(path, entry.path))
    .filter((entry) => host === undefined || entry.host === host)
    .filter((entry) => method === undefined || entry.method === method)
    .filter((entry) => grantType === undefined || entry.grant_type === grantType);
}

/** Forgets what was received. */
export function clearRequests(store: SandboxStore): void {
  for (const [key] of store.list("request:")) store.delete(key);
}

function entryKey(id: number): string {
  return `request:${String(id).padStart(12, "0")}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

async function withoutSecrets(fields: Record<string, string>): Promise<Record<string, string>> {
  return (await redacted(fields)) as Record<string, string>;
}

async function redacted(value: unknown, name = ""): Promise<unknown> {
  if (typeof value === "string") return SECRETS.has(name) ? `sha256:${await sha256Hex(value)}` : value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => redacted(item)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await redacted(item, key)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function selectedHeaders(headers: Headers): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = headers.get(name);
    if (value === null) continue;
    found[name] = name === "authorization" ? await hashedCredential(value) : value;
  }
  return found;
}

async function hashedCredential(value: string): Promise<string> {
  const space = value.indexOf(" ");
  return `${value.slice(0, space + 1)}sha256:${await sha256Hex(value.slice(space + 1))}`;
}
