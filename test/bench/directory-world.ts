/**
 * The Worker with its directories in one workerd, the stand-in in another, and the front between them. On loopback
 * alone; ended with everything in it by `stop`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundle } from "./build.ts";
import type { FrontCount, FrontOrder } from "./directory-front.ts";
import type { DirectoryReport } from "./directory-worker.ts";
import { callerToken, migrate, objects, portOf, type Runtime, startRuntime, VARIABLES, worker } from "./miniflare.ts";
import { workerds } from "./processes.ts";

/** The tenant's side: it outlives what is measured. */
export interface DirectoryWorld {
  /** Where Graph is, without TLS. */
  readonly front: string;
  /** A folder for files, that goes with everything else. */
  readonly folder: string;
  /** Asks the stand-in's controls; what the front has kept is forgotten. */
  control(path: string, body?: object, method?: string): Promise<unknown>;
  /** An application's token for the tenant. */
  appToken(tenant: string): Promise<string>;
  /** What the front has given since this was last asked. */
  frontCount(): Promise<FrontCount>;
  /** From now on the way to Graph takes so long, ms. */
  setLatency(ms: number): Promise<void>;
  /** Starts the Worker, as `buildWorker` built it, in a workerd of its own. */
  startWorker(): Promise<DirectoryWorker>;
  stop(): Promise<void>;
}

/** The Worker, running. */
export interface DirectoryWorker {
  /** Its workerd, by its id. */
  readonly pid: number | undefined;
  /** Where its heap can be asked for, by one at a time; undefined: it is not to be asked. */
  readonly inspector: URL | undefined;
  /** Asks for an organisation. Throws where the answer is no 2xx. */
  ask<T>(org: string, path: string, init?: { readonly method?: string; readonly body?: object }): Promise<T>;
  /** What an organisation's directory has counted since this was last asked. */
  report(org: string): Promise<DirectoryReport>;
  stop(): Promise<void>;
}

const LIMITS = "directory_read=999999/1,directory_manage=999999/1";

/** Starts the stand-in and the front. `built`: the Worker, where it is not the one that `buildWorker` built. */
export async function startDirectoryWorld(built?: string): Promise<DirectoryWorld> {
  const [measured, sandbox] = await Promise.all(
    ["bench/directory-worker.ts", "sandbox/index.ts"].map((file) => bundle(file, built)),
  );
  const folder = await mkdtemp(path.join(tmpdir(), "latchkey-bench-"));
  // Also where somebody presses Ctrl-C.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const standIn = await startRuntime([
    { ...worker("sandbox", sandbox), durableObjects: objects({ STATE: "SandboxState" }) },
  ]);
  const front = await startFront(await portOf(standIn, "sandbox"));
  const provider = await standIn.getWorker("sandbox");
  return {
    front: front.origin,
    folder,
    async control(where, body, method) {
      await front.tell("forget");
      return control(provider, where, { body, method });
    },
    appToken: (tenant) => appToken(provider, tenant),
    frontCount: () => front.tell("count"),
    async setLatency(latencyMs) {
      await front.tell({ latencyMs });
    },
    startWorker: () => startWorker(measured, front.origin),
    async stop() {
      front.process.kill();
      await standIn.dispose();
    },
  };
}

async function startWorker(measured: string | undefined, front: string): Promise<DirectoryWorker> {
  const others = await workerds();
  const runtime = await startRuntime([measuredWorker(measured, front)], { inspectorPort: 0 });
  await migrate(runtime, "directory");
  const port = await portOf(runtime, "directory");
  return {
    pid: (await workerds()).find((id) => !others.includes(id)),
    inspector: await runtime.getInspectorURL(),
    ask: async <T>(org: string, where: string, init?: { readonly method?: string; readonly body?: object }) =>
      // What the Worker says was written by it: the bench believes it.
      (await askWorker(port, org, { where, ...init })) as T,
    report: async (org) => (await askWorker(port, org, { where: `/?bench_report=${org}` })) as DirectoryReport,
    stop: () => runtime.dispose(),
  };
}

function measuredWorker(contents: string | undefined, front: string) {
  return {
    ...worker("directory", contents),
    bindings: {
      ...VARIABLES,
      // Only then may Entra and Graph be where there is no TLS.
      ENVIRONMENT: "development",
      MICROSOFT_LOGIN_URL: front,
      MICROSOFT_GRAPH_URL: front,
      RATE_LIMITS: LIMITS,
      LOG_LEVEL: "WARN",
    },
    durableObjects: objects({
      USER_KEEPER: "UserKeeper",
      ADDRESS_KEEPER: "AddressKeeper",
      TENANT_DIRECTORY: "TenantDirectory",
    }),
    d1Databases: { DB: "bench-directory" },
  };
}

interface Front {
  readonly process: ChildProcess;
  readonly origin: string;
  tell(order: FrontOrder): Promise<FrontCount>;
}

async function startFront(upstream: number): Promise<Front> {
  const child = fork(path.join(import.meta.dirname, "directory-front.ts"), [String(upstream)]);
  const [port] = (await once(child, "message")) as [number];
  return {
    process: child,
    origin: `http://127.0.0.1:${port}`,
    async tell(order) {
      child.send(order);
      const [count] = (await once(child, "message")) as [FrontCount];
      return count;
    },
  };
}

async function askWorker(
  port: number,
  org: string,
  { where, method = "GET", body }: { readonly where: string; readonly method?: string; readonly body?: object },
): Promise<unknown> {
  const authorization = `Bearer ${await callerToken({ sub: "bench", org, roles: ["tenant_admin"] })}`;
  const answer = await fetch(`http://127.0.0.1:${port}${where}`, {
    method,
    headers: { Authorization: authorization, ...(body && { "Content-Type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

type Asked = Awaited<ReturnType<Runtime["getWorker"]>>;

async function control(
  sandbox: Asked,
  where: string,
  {
    body,
    method = body === undefined ? "GET" : "POST",
  }: { readonly body?: object | undefined; readonly method?: string | undefined },
): Promise<unknown> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await sandbox.fetch(`https://login.microsoftonline.com/_sandbox${where}`, { method, ...init });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the stand-in refused ${where}: ${answer.status} ${text}`);
  return JSON.parse(text) as unknown;
}

async function appToken(sandbox: Asked, tenant: string): Promise<string> {
  const answer = await sandbox.fetch(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: VARIABLES.MICROSOFT_CLIENT_ID,
      client_secret: VARIABLES.MICROSOFT_CLIENT_SECRET,
      scope: "https://graph.microsoft.com/.default",
    }).toString(),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the stand-in gave no token: ${answer.status}`);
  return token;
}
