/** Dovecot, Debian's package, with a configuration of its own: tokens by introspection, passwords from a file. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Certificates } from "./certificates.ts";
import { writeConfiguration } from "./dovecot-configuration.ts";
import { type IntrospectionServer, judge, REFUSALS, serveTokens } from "./introspection.ts";
import { freePort } from "../runtime/free-port.ts";

const START_MS = 20_000;

/** True where this machine has it. */
export function hasDovecot(): boolean {
  try {
    execFileSync("dovecot", ["--version"], { stdio: "ignore", env: withSbin() });
    return true;
  } catch {
    return false;
  }
}

/** How it is started. */
export interface DovecotOptions {
  /** An empty folder, which is its own. */
  readonly folder: string;
  readonly certificates: Certificates;
  readonly introspection: IntrospectionServer;
  /** By user name. */
  readonly passwords: Readonly<Record<string, string>>;
}

/** Starts it; answers its two ports. */
export async function startDovecot(
  options: DovecotOptions,
): Promise<{ tls: number; starttls: number; stop(): Promise<void> }> {
  const gateway = await serveTokens((token) => flat(options.introspection, token));
  const [tls, starttls] = [await freePort(), await freePort()];
  const file = writeConfiguration({ ...options, gateway: gateway.url, tls, starttls });
  const child = spawn("dovecot", ["-F", "-c", file], { stdio: "ignore", env: withSbin() });
  const exit = once(child, "exit");
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    // Its master ends what it has started.
    if (child.exitCode === null && child.kill("SIGTERM")) await exit;
    await gateway.stop();
  };
  for (const last = Date.now() + START_MS; !(await answers(starttls)); await pause(50)) {
    if (Date.now() < last && child.exitCode === null) continue;
    await stop();
    throw new Error(`Dovecot did not start:\n${readFileSync(path.join(options.folder, "log"), "utf8")}`);
  }
  return { tls, starttls, stop };
}

/** Its reader takes flat answers alone, and decides by one member: so each decision has one. */
async function flat(introspection: IntrospectionServer, token: string): Promise<Record<string, string>> {
  const { good, refused, username, shared } = await judge(introspection, "imap", token);
  return {
    active: good && refused === undefined ? "yes" : "no",
    refused: refused ? "yes" : "no",
    reason: refused ? REFUSALS[refused] : "-",
    username: username || "-",
    shared: shared[0] ?? "-",
  };
}

/** Debian keeps it where the PATH of somebody who is not root does not lead. */
function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    const done = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once("data", () => done(true)).once("error", () => done(false));
  });
}
