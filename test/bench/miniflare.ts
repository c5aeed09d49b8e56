/** The runtime of what is measured. */
import { SignJWT } from "jose";
import { makeRuntime, moduleWorker, type Runtime } from "../runtime/miniflare.ts";

export { migrate, objects, type Runtime } from "../runtime/miniflare.ts";

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
  const runtime = makeRuntime({
    // What the Worker logs is written by workerd and read here, and goes no further.
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
      if (level === "error") console.error(message);
    },
    ...options,
    workers,
  });
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
  return { ...moduleWorker(name, contents), unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };
}

/** The port of a Worker's own socket. */
export async function portOf(runtime: Runtime, name: string): Promise<number> {
  return Number((await runtime.unsafeGetDirectURL(name)).port);
}

/** A caller's token. */
export function callerToken(claims: { readonly sub: string } & Readonly<Record<string, unknown>>): Promise<string> {
  const signed = new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime("4h");
  return signed.sign(new TextEncoder().encode(SECRET));
}
