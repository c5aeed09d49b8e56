/** What the tests of the guide share: Microsoft on a port of this machine, a copy of the scripts, and a run of them. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = path.join(import.meta.dirname, "../..");

/** An application and a tenant that the stand-in knows. */
export const CLIENT_ID = "11111111-aaaa-4bbb-8ccc-000000000001";
/** The application's secret. */
export const SECRET = "sandbox-secret";
/** A tenant's GUID. */
export const TENANT = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";
/** What every complete run is given, beside where Microsoft is. */
export const FLAGS = ["--tenant", TENANT, "--client-id", CLIENT_ID, "--org", "contoso", "--secret-env", "APP_SECRET"];

/** An answer that replaces the stand-in's; undefined leaves it. */
export type Instead = (request: Request) => Promise<Response | undefined> | Response | undefined;

/** A server of this test. */
export interface Server {
  readonly url: string;
  /** Every request so far, as `METHOD path`. */
  readonly requests: string[];
  readonly control: (path: string, body: object) => Promise<void>;
  readonly stop: () => void;
}

/** The stand-in of Entra and Graph behind a socket, with the tenant's consent where `roles` are granted. */
export async function microsoft({ roles = DIRECTORY, instead = () => undefined }: Options = {}): Promise<Server> {
  // By its address: it is written for workerd's types, which are not this folder's.
  const { createSandbox } = (await load("test/sandbox/app.ts")) as { createSandbox: (options: object) => Fetcher };
  const { memoryStore } = (await load("test/sandbox/store.ts")) as { memoryStore: () => object };
  const { CLIENT_CERTIFICATE: pem } = (await load("test/sandbox/certificates.ts")) as { CLIENT_CERTIFICATE: string };
  const app = createSandbox({ store: memoryStore() });
  const server = await serve(async (request) => (await instead(request.clone())) ?? app.fetch(request));
  const secrets = [{ value: SECRET }, { value: "expired-secret", expires_at: "2020-01-01T00:00:00Z" }];
  const granted = roles.length === 0 ? {} : { granted_roles: { [TENANT]: roles } };
  const client = { client_id: CLIENT_ID, secrets, certificates: [{ pem }], app_roles: DIRECTORY, ...granted };
  await server.control("/clients", client);
  server.requests.length = 0;
  return server;
}

interface Options {
  readonly roles?: readonly string[];
  readonly instead?: Instead;
}

interface Fetcher {
  fetch(request: Request): Response | Promise<Response>;
}

/** Every role that the guide looks for. */
export const DIRECTORY = [
  "Directory.Read.All",
  "AuditLog.Read.All",
  "User.Read.All",
  "DeviceManagementManagedDevices.Read.All",
  "SecurityAlert.Read.All",
];

/** Graph's lists, as a tenant answers that has everything; `refusals` by a part of the path. */
export function graphLists(refusals: Readonly<Record<string, [number, string, string?]>> = {}): Instead {
  return ({ url }) => {
    const { pathname, search } = new URL(url);
    if (!pathname.startsWith("/v1.0/") || pathname === "/v1.0/organization") return undefined;
    const refusal = Object.entries(refusals).find(([part]) => (pathname + search).includes(part))?.[1];
    if (refusal === undefined) return Response.json({ value: [] });
    const [status, code, message = ""] = refusal;
    return Response.json({ error: { code, message } }, { status });
  };
}

function load(file: string): Promise<unknown> {
  return import(/* @vite-ignore */ pathToFileURL(path.join(ROOT, file)).href);
}

/** Serves on a free port of this machine. */
export async function serve(answer: (request: Request) => Promise<Response> | Response): Promise<Server> {
  const requests: string[] = [];
  const server = http.createServer((incoming, outgoing) => {
    const url = `http://${incoming.headers.host ?? ""}${incoming.url ?? ""}`;
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "GET" } = incoming;
      requests.push(`${method} ${incoming.url ?? ""}`);
      const body = method === "GET" ? {} : { body: Buffer.concat(chunks) };
      const request = new Request(url, { method, headers: incoming.headers as Record<string, string>, ...body });
      void Promise.resolve(answer(request)).then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const control = async (route: string, body: object) => {
    const answered = await fetch(`${url}/_sandbox${route}`, { method: "POST", body: JSON.stringify(body) });
    if (!answered.ok) throw new Error(`${route}: ${await answered.text()}`);
  };
  return { url, requests, control, stop: () => void server.close() };
}

/** A folder with the scripts, the packages, and .dev.vars where there is to be one. */
export function copyWith(devVars?: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "setup-"));
  for (const name of ["scripts", "package.json", "package-lock.json"]) {
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  if (devVars !== undefined) writeFileSync(path.join(folder, ".dev.vars"), devVars);
  return folder;
}

/** What a run printed and left. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** .dev.vars, undefined where there is none. */
  readonly file: string | undefined;
  /** What lies in the folder that was not there at first. */
  readonly left: string[];
}

/** How a run is driven beside its flags. */
export interface Driven {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs the guide as a script does, without a terminal. */
export async function setup(folder: string, args: readonly string[], { env, input }: Driven = {}): Promise<Outcome> {
  const before = readdirSync(folder);
  const command = [path.join(folder, "scripts/setup.mjs"), ...args];
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { ...process.env, MICROSOFT_LOGIN_URL: "", MICROSOFT_GRAPH_URL: "", APP_SECRET: SECRET, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  child.stdin.on("error", () => undefined).end(input ?? "");
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const left = readdirSync(folder).filter((name) => !before.includes(name));
  return { status, stdout, stderr, file: devVarsOf(folder), left };
}

function devVarsOf(folder: string): string | undefined {
  const there = readdirSync(folder).includes(".dev.vars");
  return there ? readFileSync(path.join(folder, ".dev.vars"), "utf8") : undefined;
}

/** Flags that lead to a server instead of to Microsoft. */
export function at({ url }: Pick<Server, "url">): string[] {
  return ["--login-url", url, "--graph-url", url];
}
