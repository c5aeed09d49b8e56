/** The Workers that are measured, in one workerd with sockets of their own, and people who are connected there. */
import { bundle } from "./build.ts";
import {
  callerToken,
  migrate,
  objects,
  ORIGIN,
  portOf,
  type Runtime,
  startRuntime,
  VARIABLES as USUAL_VARIABLES,
  worker,
} from "./miniflare.ts";

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

/** Owners whose tokens die after a second. Each is used once in a slice, so that each use finds a stale one. */
const STALE_OWNERS = 64;

/** The variables of the measured Worker. Its limits are lifted: a bench is one very busy user. */
const VARIABLES = {
  ...USUAL_VARIABLES,
  RATE_LIMITS: "authorize=1000/60,callback=1000/60,profile=999999/1,tokens=999999/1,proxy=999999/1",
  AUDIT_PROXY_SAMPLE: "0.1",
};

/** Starts everything, applies the migrations, and connects an account for each owner. */
export async function startWorld(): Promise<World> {
  const [ladder, measured, sandbox] = await Promise.all(
    ["bench/ladder-worker.ts", "bench/measured-worker.ts", "sandbox/index.ts"].map((file) => bundle(file)),
  );
  const runtime = await startRuntime([
    { ...worker("ladder", ladder), bindings: VARIABLES, durableObjects: objects({ FLOOR: "Floor" }) },
    measuredWorker("info", measured),
    measuredWorker("warn", measured),
    { ...worker("sandbox", sandbox), durableObjects: objects({ STATE: "SandboxState" }) },
  ]);
  const names = ["fresh", ...Array.from({ length: STALE_OWNERS }, (_, index) => `stale-${index}`)];
  const tokens = await Promise.all(names.map((sub) => callerToken({ sub, scope: "tokens:read proxy" })));
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

function measuredWorker(level: "info" | "warn", contents: string | undefined) {
  return {
    ...worker(level, contents),
    bindings: { ...VARIABLES, LOG_LEVEL: level.toUpperCase() },
    durableObjects: objects({ USER_KEEPER: "UserKeeper", ADDRESS_KEEPER: "AddressKeeper" }),
    d1Databases: { DB: `bench-${level}` },
    outboundService: "sandbox",
  };
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
