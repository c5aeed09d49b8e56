import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { startTool } from "../../scripts/processes.mjs";

const PROCESSES = path.join(import.meta.dirname, "../../scripts/processes.mjs");
/** Prints its own id and that of a child, which a signal to the parent alone would leave behind. */
const FAMILY = ["sh", "-c", "sleep 300 & echo $$ $!; wait"];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What nobody has waited for yet is dead all the same.
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const until = Date.now() + 5_000;
  while (pids.some(isAlive) && Date.now() < until) await pause(20);
}

test("stopping a tool ends all that it started", async () => {
  let tell: (line: string) => void = () => undefined;
  const told = new Promise<string>((resolve) => (tell = resolve));
  const tool = startTool(FAMILY, (line) => tell(line));
  const pids = (await told).split(" ").map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  await tool.stop();
  await untilGone(pids);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test("a tool and all that it started end when the process that holds them is killed", async () => {
  const program = `const { startTool } = await import(${JSON.stringify(PROCESSES)});
    startTool(${JSON.stringify(FAMILY)}, (line) => console.log(line));`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const told = new Promise<string>((resolve) => createInterface({ input: holder.stdout }).on("line", resolve));
  const pids = (await told).split(" ").map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  holder.kill("SIGKILL");
  await untilGone(pids);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test("a tool that ends says so", async () => {
  const lines: string[] = [];
  const tool = startTool(["sh", "-c", "echo out; echo err >&2; exit 3"], (line, from) =>
    lines.push(`${from}: ${line}`),
  );
  expect(await tool.ended).toBe(3);
  expect(lines.toSorted()).toEqual(["err: err", "out: out"]);
});
