import { readFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/sequence.ts";
import { bundle } from "./test/runtime/bundle.ts";
import { VARIABLES as VARIABLE_TABLE } from "./src/lib/config-variables.ts";

const here = import.meta.dirname;

/** Tests that need a real process or the file system; all others run inside workerd. */
const RUN_BY_NODE = ["test/e2e/**", "test/lint/**", "test/mail-servers/**", "test/openid/**", "test/scripts/**"];

/** Tests that leave nothing behind in D1, the stand-in's Worker or an object: they share a workerd, which saves a second per file. */
const STATELESS = [
  ...["calendar", "db", "graph", "lib", "mail", "sandbox"].map((folder) => `test/${folder}/**/*.test.ts`),
  // Each of these works in objects of a name that nobody else has.
  "test/directory/{read,write,store,run}-*.test.ts",
];

/** The stand-in answers every outbound request of the Worker under test, under the providers' real host names. */
async function workers() {
  const sandbox = await bundle({ entryPoints: [path.join(here, "test/sandbox/index.ts")] });
  return cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: {
        TEST_MIGRATIONS: await readD1Migrations(path.join(here, "migrations")),
        ...(await unsetLocalVariables()),
        ...ownVariablesEmptied(),
        ...testVariables(),
      },
      outboundService: "sandbox",
      workers: [
        {
          name: "sandbox",
          modules: [{ type: "ESModule", path: "index.mjs", contents: sandbox }],
          compatibilityDate: "2026-10-01",
          durableObjects: { STATE: { className: "SandboxState", useSQLite: true } },
        },
      ],
    },
  });
}

/** Whoever ran `npm start` has a .dev.vars, and wrangler reads it here too: what it sets must not reach the tests. */
async function unsetLocalVariables(): Promise<Record<string, string>> {
  const text = await readFile(path.join(here, ".dev.vars"), "utf8").catch(() => "");
  return Object.fromEntries([...text.matchAll(/^\s*(?:export\s+)?(\w+)\s*=/gm)].map(([, name = ""]) => [name, ""]));
}

/**
 * wrangler binds the developer's own variables too. Emptied they count as absent, so that no test passes or fails
 * because of them.
 */
function ownVariablesEmptied(): Record<string, string> {
  const files = [".dev.vars", ".env"].map((name) => path.join(here, name)).filter((file) => existsSync(file));
  const names = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/^\s*(?:export\s+)?([\w.-]+)\s*=/gm)]);
  return Object.fromEntries(names.map(([, name = ""]) => [name, ""]));
}

/** The same for every file of a run, and for every run, unless somebody asks for others. */
const SEEDS = { faults: seedOf("FAULT_SEED"), directory: seedOf("DIRECTORY_SEED") };

/** A seed by its variable: 1 where that is not set, and a fresh one, which is printed, where it is `random`. */
function seedOf(name: string): string {
  const seed = process.env[name] ?? "1";
  if (/^\d+$/.test(seed)) return seed;
  if (seed !== "random") throw new Error(`${name} is a whole number or "random".`);
  const fresh = String(Date.now() % 2 ** 30);
  process.stdout.write(`${name}=${fresh}\n`);
  // This file is read again for each project.
  process.env[name] = fresh;
  return fresh;
}

const VARIABLES = Object.entries(VARIABLE_TABLE).flatMap(([name, spec]) => [
  name,
  ...("aliases" in spec ? spec.aliases : []),
]);

function testVariables() {
  return {
    // What a contributor's .dev.vars says must not reach the tests: an empty variable is an absent one.
    ...Object.fromEntries(VARIABLES.map((name) => [name, ""])),
    ENVIRONMENT: "production",
    PUBLIC_URL: "https://latchkey.test",
    JWT_SECRET_KEY: "a-test-secret-of-more-than-32-bytes-length",
    TOKEN_ENCRYPTION_KEY: "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    MICROSOFT_CLIENT_ID: "11111111-aaaa-4bbb-8ccc-000000000001",
    MICROSOFT_CLIENT_SECRET: "sandbox-secret,sandbox-secret-2",
    MICROSOFT_TENANT_ORG: "operators-own",
    GOOGLE_CLIENT_ID: "sandbox-google-client.apps.googleusercontent.com",
    GOOGLE_CLIENT_SECRET: "sandbox-google-secret",
    NOTION_CLIENT_ID: "sandbox-notion-client",
    NOTION_CLIENT_SECRET: "sandbox-notion-secret",
    RETURN_TO_ORIGINS: "https://app.test",
    CORS_ORIGINS: "https://app.test",
    LOG_LEVEL: "INFO",
    FAULT_SCHEDULES: process.env["FAULT_SCHEDULES"] ?? "500",
    FAULT_SEED: SEEDS.faults,
    DIRECTORY_SCRIPTS: process.env["DIRECTORY_SCRIPTS"] ?? "200",
    DIRECTORY_SEED: SEEDS.directory,
  };
}

/** A machine that does much else is no defect. */
const PATIENCE_MS = 20_000;

export default defineConfig(async () => ({
  test: {
    // The Worker logs a line per request: only those of a failed test are worth reading.
    silent: "passed-only" as const,
    sequence: { sequencer: LongestFirst },
    // A file waits more than it computes: one per core, where vitest would leave one core out.
    maxWorkers: os.availableParallelism(),
    projects: [
      {
        plugins: [await workers()],
        test: {
          name: "workers",
          include: ["test/**/*.test.ts"],
          exclude: [...RUN_BY_NODE, ...STATELESS],
          setupFiles: ["./test/setup.ts"],
          testTimeout: PATIENCE_MS,
        },
      },
      {
        plugins: [await workers()],
        test: {
          name: "stateless",
          include: STATELESS,
          isolate: false,
          setupFiles: ["./test/setup.ts"],
          testTimeout: PATIENCE_MS,
        },
      },
      {
        test: { name: "node", include: RUN_BY_NODE.map((folder) => `${folder}/*.test.ts`), testTimeout: 60_000 },
      },
    ],
  },
}));
