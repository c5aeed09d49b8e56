/** The Worker as it is deployed, in a workerd of its own with a socket, and with a clock that a test can move on. */
import path from "node:path";
import type { Plugin } from "esbuild";
import { ROOT } from "../../scripts/paths.mjs";
import { LIMITS } from "../../src/lib/limits.ts";
import { bundle } from "../runtime/bundle.ts";
import { makeRuntime, migrate, moduleWorker, objects } from "../runtime/miniflare.ts";

/** What the Worker's clients see of it. */
export const PUBLIC_URL = "https://latchkey.test";
/** What callers' tokens are signed with. */
export const JWT_SECRET = "a-test-secret-of-more-than-32-bytes-length";

/** A Worker, running. */
export interface RunningWorker {
  /** Where it listens. */
  readonly url: string;
  /** Moves its clock on, ms. Timers keep to the real one. */
  pass(ms: number): Promise<void>;
  /** Asks the stand-in behind it, as a browser or a test's controls do. Redirects are not followed. */
  standIn(url: string, body?: object): Promise<Response>;
  stop(): Promise<void>;
}

/** How a Worker is started. */
export interface WorkerOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** Who answers what it sends; the network where absent, the stand-in for `"sandbox"`. */
  readonly outbound?: "sandbox" | ((request: Request) => Promise<Response> | Response);
  /** The port of loopback at which the stand-in listens, where it is reached by the network. */
  readonly sandboxPort?: number;
  /** The file of an authority that it trusts beside those of the web, PEM. */
  readonly trust?: string;
  /** What its source is to be changed by before it is built. */
  readonly change?: Plugin;
}

/** The Worker's own entry, and a clock that a header moves on for everything in its isolate. */
const ENTRY = `
  import worker from "./src/index.ts";
  export * from "./src/index.ts";
  const real = Date.now;
  let ahead = 0;
  Date.now = () => real() + ahead;
  export default {
    ...worker,
    fetch(request, env, ctx) {
      const ms = request.headers.get("X-Test-Pass");
      if (ms === null) return worker.fetch(request, env, ctx);
      ahead += Number(ms);
      return new Response();
    },
  };`;

/** Starts it with an empty database. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { variables, outbound, sandboxPort, trust, change } = options;
  const standIn = outbound === "sandbox" || sandboxPort !== undefined ? [await sandbox(sandboxPort)] : [];
  const runtime = makeRuntime(
    {
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
        if (level === "error" || process.env["LOUD"]) console.error(message);
      },
      workers: [
        { ...(await latchkey(variables, change)), ...(outbound ? { outboundService: outbound } : {}) },
        ...standIn,
      ],
    },
    trust,
  );
  await runtime.ready;
  await migrate(runtime, "latchkey");
  const { port } = await runtime.unsafeGetDirectURL("latchkey");
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async standIn(address, body) {
      const headers = { "Content-Type": "application/json" };
      const posted = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers };
      return (await runtime.getWorker("sandbox")).fetch(address, { redirect: "manual", ...posted });
    },
    pass: async (ms) => void (await fetch(url, { headers: { "X-Test-Pass": String(ms) } })),
    stop: () => runtime.dispose(),
  };
}

/** Every Worker of a file is the same code. */
let bundled: Promise<string> | undefined;

async function latchkey(variables: Readonly<Record<string, string>>, change: Plugin | undefined) {
  const stdin = { contents: ENTRY, resolveDir: ROOT, loader: "ts" } as const;
  bundled ??= bundle({ stdin, plugins: change ? [change] : [] });
  const contents = await bundled;
  return {
    ...moduleWorker("latchkey", contents),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    bindings: { PUBLIC_URL, JWT_SECRET_KEY: JWT_SECRET, LOG_LEVEL: "WARN", RATE_LIMITS, ...variables },
    durableObjects: objects({ USER_KEEPER: "UserKeeper", ADDRESS_KEEPER: "AddressKeeper" }),
    d1Databases: { DB: "latchkey" },
  };
}

/** One very busy person stands for many. */
const RATE_LIMITS = Object.keys(LIMITS)
  .map((bucket) => `${bucket}=99999/1`)
  .join(",");

async function sandbox(port: number | undefined) {
  const contents = await bundle({ entryPoints: [path.join(ROOT, "test/sandbox/index.ts")] });
  const socket = port === undefined ? {} : { unsafeDirectSockets: [{ host: "127.0.0.1", port }] };
  return { ...moduleWorker("sandbox", contents), ...socket, durableObjects: objects({ STATE: "SandboxState" }) };
}
