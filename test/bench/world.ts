/** The Workers that are measured, in one workerd with sockets of their own, and people who are connected there. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { SignJWT } from "jose";
import { ROOT } from "../../scripts/paths.mjs";
import { bundle } from "./build.ts";

/** The Workers that take load. `info` and `warn` are the same one, with another LOG_LEVEL. */
export const TARGETS = ["ladder", "info", "warn"] as const;

/** One of {@link TARGETS}. */
export type Target = (typeof TARGETS)[number];

/** Running, and ready to be measured. */
export interface World {
  readonly ports: Readonly<Record<Target, number>>;
  /** A caller's token for each connected owner. */
  readonly tokens: readonly string[];
  /** The connection of the first owner at `warn`. */
  readonly connection: string;
  /** The D1 statements of a Worker since this was last asked. */
  d1Statements(target: Target): Promise<string[]>;
  stop(): Promise<void>;
}

/** The part of Miniflare that is used here. */
interface Runtime {
  readonly ready: Promise<URL>;
  unsafeGetDirectURL(worker: string): Promise<URL>;
  getWorker(worker: string): Promise<{ fetch(url: string, init?: RequestInit): Promise<Response> }>;
  getD1Database(binding: string, worker: string): Promise<{ prepare(sql: string): { run(): Promise<unknown> } }>;
  dispose(): Promise<void>;
}

interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => Runtime;
  convertV4MiniflareOptions(options: object): unknown;
}

// The very Miniflare that wrangler brings: its version says which workerd is measured.
const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
const { Miniflare, convertV4MiniflareOptions } = ofWrangler("miniflare") as MiniflareModule;

const ORIGIN = "https://latchkey.test";
const SECRET = "a-bench-secret-of-more-than-32-bytes-length";
/** Owners whose tokens die after a second. Each is used once in a slice, so that each use finds a stale one. */
const STALE_OWNERS = 64;

/** The variables of the measured Worker. Its limits are lifted: a bench is one very busy user. */
const VARIABLES = {
  ENVIRONMENT: "production",
  PUBLIC_URL: ORIGIN,
  JWT_SECRET_KEY: SECRET,
  TOKEN_ENCRYPTION_KEY: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
  MICROSOFT_CLIENT_ID: "11111111-aaaa-4bbb-8ccc-000000000001",
  MICROSOFT_CLIENT_SECRET: "sandbox-secret",
  RATE_LIMITS: "authorize=1000/60,callback=1000/60,profile=999999/1,tokens=999999/1,proxy=999999/1",
  AUDIT_PROXY_SAMPLE: "0.1",
};

/** Starts everything, applies the migrations, and connects an account for each owner. */
export async function startWorld(): Promise<World> {
  const [ladder, measured, sandbox] = await Promise.all(
    ["bench/ladder-worker.ts", "bench/measured-worker.ts", "sandbox/index.ts"].map((file) => bundle(file)),
  );
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      // What the Worker logs is written by workerd and read here, and goes no further.
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
        if (level === "error") console.error(message);
      },
      workers: [
        { ...worker("ladder", ladder), bindings: VARIABLES, durableObjects: objects({ FLOOR: "Floor" }) },
        measuredWorker("info", measured),
        measuredWorker("warn", measured),
        { ...worker("sandbox", sandbox), durableObjects: objects({ STATE: "SandboxState" }) },
      ],
    }),
  );
  await runtime.ready;
  const names = ["fresh", ...Array.from({ length: STALE_OWNERS }, (_, index) => `stale-${index}`)];
  const tokens = await Promise.all(names.map(callerToken));
  let connection = "";
  for (const target of ["info", "warn"]) {
    await migrate(runtime, target);
    connection = await connectAccount(runtime, target, tokens[0] ?? "");
  }
  await shortenTokens(runtime);
  for (const token of tokens.slice(1)) await connectAccount(runtime, "warn", token);
  return {
    ports: {
      ladder: await portOf(runtime, "ladder"),
      info: await portOf(runtime, "info"),
      warn: await portOf(runtime, "warn"),
    },
    tokens,
    connection,
    async d1Statements(target) {
      const answer = await (await runtime.getWorker(target)).fetch(`${ORIGIN}/d1`);
      return (await answer.json()) as string[];
    },
    stop: () => runtime.dispose(),
  };
}

/** From now on the stand-in's access tokens live for a second. */
async function shortenTokens(runtime: Runtime): Promise<void> {
  const sandbox = await runtime.getWorker("sandbox");
  const body = JSON.stringify({ expires_in: 1 });
  const answer = await sandbox.fetch("https://login.microsoftonline.com/_sandbox/settings", {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json" },
  });
  if (answer.status !== 200) throw new Error(`the stand-in refused: ${answer.status} ${await answer.text()}`);
}

function worker(name: string, contents: string | undefined) {
  return {
    name,
    modules: [{ type: "ESModule", path: "index.mjs", contents }],
    compatibilityDate: "2026-10-01",
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

function measuredWorker(level: "info" | "warn", contents: string | undefined) {
  return {
    ...worker(level, contents),
    bindings: { ...VARIABLES, LOG_LEVEL: level.toUpperCase() },
    durableObjects: objects({ USER_KEEPER: "UserKeeper", ADDRESS_KEEPER: "AddressKeeper" }),
    d1Databases: { DB: `bench-${level}` },
    outboundService: "sandbox",
  };
}

function objects(classes: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(classes).map(([binding, className]) => [binding, { className, useSQLite: true }]),
  );
}

async function portOf(runtime: Runtime, target: Target): Promise<number> {
  return Number((await runtime.unsafeGetDirectURL(target)).port);
}

async function migrate(runtime: Runtime, target: string): Promise<void> {
  const folder = path.join(ROOT, "migrations");
  const database = await runtime.getD1Database("DB", target);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  for (const file of files) {
    const text = await readFile(path.join(folder, file), "utf8");
    for (const statement of text.split("--> statement-breakpoint")) await database.prepare(statement).run();
  }
}

function callerToken(sub: string): Promise<string> {
  const claims = new SignJWT({ sub, scope: "tokens:read proxy" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime("1h");
  return claims.sign(new TextEncoder().encode(SECRET));
}

/** A sign-in from start to finish; gives the connection's id. */
async function connectAccount(runtime: Runtime, target: string, token: string): Promise<string> {
  const [app, sandbox] = await Promise.all([runtime.getWorker(target), runtime.getWorker("sandbox")]);
  const headers = { Authorization: `Bearer ${token}` };
  const started = await app.fetch(`${ORIGIN}/api/v1/auth/microsoft/`, { headers });
  const { authorization_url: address } = (await started.json()) as { authorization_url: string };
  const signedIn = await sandbox.fetch(`${address}&auto=ana`, { redirect: "manual" });
  await signedIn.text();
  const finished = await app.fetch(signedIn.headers.get("Location") ?? "", { redirect: "manual" });
  const said = await finished.text();
  if (finished.status !== 200) throw new Error(`the sign-in failed: ${finished.status} ${said}`);
  return (JSON.parse(said) as { connection: { id: string } }).connection.id;
}
