/** The very Miniflare that wrangler brings: its version says which workerd is measured. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { SignJWT } from "jose";
import { ROOT } from "../../scripts/paths.mjs";

/** The part of Miniflare that is used here. */
export interface Runtime {
  readonly ready: Promise<URL>;
  unsafeGetDirectURL(worker: string): Promise<URL>;
  getInspectorURL(): Promise<URL>;
  getWorker(worker: string): Promise<{ fetch(url: string, init?: RequestInit): Promise<Response> }>;
  getD1Database(binding: string, worker: string): Promise<{ prepare(sql: string): { run(): Promise<unknown> } }>;
  dispose(): Promise<void>;
}

interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => Runtime;
  convertV4MiniflareOptions(options: object): unknown;
}

const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
const { Miniflare, convertV4MiniflareOptions } = ofWrangler("miniflare") as MiniflareModule;

/** Where the measured Worker seems to live. */
export const ORIGIN = "https://latchkey.test";

const SECRET = "a-bench-secret-of-more-than-32-bytes-length";

/** The variables that every measured Worker has. */
export const VARIABLES = {
  ENVIRONMENT: "production",
  PUBLIC_URL: ORIGIN,
  JWT_SECRET_KEY: SECRET,
  TOKEN_ENCRYPTION_KEY: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
  MICROSOFT_CLIENT_ID: "11111111-aaaa-4bbb-8ccc-000000000001",
  MICROSOFT_CLIENT_SECRET: "sandbox-secret",
};

/** Starts Workers in a workerd of their own, ready to be asked. */
export async function startRuntime(workers: readonly object[], options: object = {}): Promise<Runtime> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      // What the Worker logs is written by workerd and read here, and goes no further.
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
        if (level === "error") console.error(message);
      },
      ...options,
      workers,
    }),
  );
  open.add(runtime);
  await runtime.ready;
  return runtime;
}

/** Every runtime that may still run. */
const open = new Set<Runtime>();

/** Ends all of them, for whoever was asked to stop in the middle. */
export async function stopRuntimes(): Promise<void> {
  await Promise.allSettled([...open].map((runtime) => runtime.dispose()));
}

/** A Worker with a socket of its own. */
export function worker(name: string, contents: string | undefined) {
  return {
    name,
    modules: [{ type: "ESModule", path: "index.mjs", contents }],
    compatibilityDate: "2026-10-01",
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

/** Its Durable Objects, by binding. */
export function objects(classes: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(classes).map(([binding, className]) => [binding, { className, useSQLite: true }]),
  );
}

/** The port of a Worker's own socket. */
export async function portOf(runtime: Runtime, name: string): Promise<number> {
  return Number((await runtime.unsafeGetDirectURL(name)).port);
}

/** Applies the migrations to a Worker's D1. */
export async function migrate(runtime: Runtime, name: string): Promise<void> {
  const folder = path.join(ROOT, "migrations");
  const database = await runtime.getD1Database("DB", name);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).toSorted();
  for (const file of files) {
    const text = await readFile(path.join(folder, file), "utf8");
    for (const statement of text.split("--> statement-breakpoint")) await database.prepare(statement).run();
  }
}

/** A caller's token. */
export function callerToken(claims: { readonly sub: string } & Readonly<Record<string, unknown>>): Promise<string> {
  const signed = new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime("4h");
  return signed.sign(new TextEncoder().encode(SECRET));
}
