/** Workers in a workerd of their own, for tests and benchmarks that Node runs. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
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

// The very Miniflare that wrangler brings: its version says which workerd runs.
const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
const TRUST = "NODE_EXTRA_CA_CERTS";

/** Makes a runtime. `ca`: the file of an authority that its Workers trust beside those of the web, PEM. */
export function makeRuntime(options: object, ca?: string): Runtime {
  const { Miniflare, convertV4MiniflareOptions } = load(ca);
  return new Miniflare(convertV4MiniflareOptions(options));
}

/** Miniflare reads which authorities its Workers trust when it is loaded, from Node's own variable: so each trust has its own. */
function load(ca: string | undefined): MiniflareModule {
  const key = ca ?? "";
  const known = loaded.get(key);
  if (known) return known;
  const before = process.env[TRUST];
  delete process.env[TRUST];
  if (ca !== undefined) process.env[TRUST] = ca;
  delete ofWrangler.cache[ofWrangler.resolve("miniflare")];
  const module = ofWrangler("miniflare") as MiniflareModule;
  delete process.env[TRUST];
  if (before !== undefined) process.env[TRUST] = before;
  loaded.set(key, module);
  return module;
}

const loaded = new Map<string, MiniflareModule>();

/** A Worker of one module. */
export function moduleWorker(name: string, contents: string | undefined) {
  return {
    name,
    modules: [{ type: "ESModule", path: "index.mjs", contents }],
    compatibilityDate: "2026-10-01",
  };
}

/** A Worker's Durable Objects, by binding. */
export function objects(classes: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(classes).map(([binding, className]) => [binding, { className, useSQLite: true }]),
  );
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
