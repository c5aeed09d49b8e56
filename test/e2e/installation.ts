/** Latchkey as somebody has it who has just cloned and installed it: a copy of its own, started by its own command. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { alive, familyOf, type Process, signal } from "./processes.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const NEEDED = ["scripts", "src", "migrations", "test/sandbox", "package.json", "package-lock.json", "wrangler.toml"];
const START_MS = 60_000;
const STOP_MS = 15_000;

/** A copy of the repository on two ports of its own. */
export interface Installation {
  readonly folder: string;
  readonly worker: number;
  readonly sandbox: number;
  /** Every run of it so far. */
  readonly runs: Running[];
}

/** A copy that runs. */
export interface Running {
  readonly url: string;
  readonly pid: number;
  /** All that was printed so far, both streams. */
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  /** What it had started when it was up. */
  readonly family: Process[];
}

/** Makes a copy with nothing in it but what a clone and an installation give. */
export async function install(): Promise<Installation> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "latchkey-e2e-"));
  for (const name of NEEDED) cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  // Links to the packages one by one: an installation that began by deleting them would delete the links alone.
  const packages = path.join(ROOT, "node_modules");
  mkdirSync(path.join(folder, "node_modules"));
  for (const name of readdirSync(packages).filter((entry) => entry !== ".cache" && entry !== ".mf")) {
    symlinkSync(path.join(packages, name), path.join(folder, "node_modules", name));
  }
  const [worker, sandbox] = await freePorts();
  return { folder, worker, sandbox, runs: [] };
}

/** Starts it by a command, and waits until it says that everything answers. Throws with what it printed. */
export async function start(installation: Installation, command: readonly string[]): Promise<Running> {
  const { folder, worker, sandbox, runs } = installation;
  const [program = "", ...args] = command;
  const env = { ...process.env, PORT: String(worker), SANDBOX_PORT: String(sandbox), NO_COLOR: "1" };
  // A group of its own, as a shell gives to what a person starts.
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const exit = ended(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} cannot be run`);
  const url = `http://localhost:${worker}`;
  const running: Running = { url, pid, output: () => output, exit, family: [] };
  runs.push(running);
  endWithThisProcess(running);
  const up = () => output.includes("Ctrl-C stops everything");
  await until(() => up() || child.exitCode !== null, START_MS);
  running.family.push(...familyOf(pid));
  if (up() && child.exitCode === null) return running;
  throw new Error(`it did not start:\n${output}`);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on("exit", resolve).on("error", () => resolve(1)));
}

/** Whoever ends the tests early shall not have to look for what they started. */
function endWithThisProcess({ pid, exit }: Running): void {
  const kill = () => signal(-pid, "SIGKILL");
  process.once("exit", kill);
  void exit.then(() => process.off("exit", kill));
}

/** Waits for the end of what was asked to stop; true where it came in time. */
export async function stopped({ exit }: Running): Promise<boolean> {
  return Promise.race([exit.then(() => true), pause(STOP_MS, false, { ref: false })]);
}

/** Ends every run and all that it started, whatever state it is in, and removes the copy. */
export async function uninstall({ folder, runs }: Installation): Promise<void> {
  for (const running of runs) await end(running);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function end(running: Running): Promise<void> {
  const family = [...running.family, ...familyOf(running.pid)];
  if (alive(family).length === 0) return;
  for (const { pid } of alive(family).filter((one) => one.pid === running.pid)) signal(pid, "SIGTERM");
  await stopped(running);
  for (const { pid } of alive(family)) signal(pid, "SIGKILL");
}

/** Polls until `holds` does; false where it does not in time. */
export async function until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
  for (const last = Date.now() + timeoutMs; Date.now() < last; await pause(50)) if (holds()) return true;
  return holds();
}

/** True where nobody listens on a port, on either family of addresses. */
export async function isFree(port: number): Promise<boolean> {
  const free = await Promise.all(["127.0.0.1", "::1"].map((host) => canListen(host, port)));
  return !free.includes(false);
}

async function canListen(host: string, port: number): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    // A machine without IPv6 has no such address to listen on.
    server.once("error", (error) => resolve("code" in error && error.code !== "EADDRINUSE"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Two ports below those that the system hands out by itself: until they are used, nobody else gets them by chance. */
async function freePorts(): Promise<[number, number]> {
  const worker = await freePort([]);
  return [worker, await freePort([worker])];
}

async function freePort(taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
}
