/** Processes of this machine, by their id and their beginning: an id alone may soon be somebody else's. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A process that was seen. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** When it began, as the machine writes it. */
  readonly since: string;
}

/** A process and all below it. */
export function familyOf(pid: number): Process[] {
  const all = running();
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return [...all.filter((one) => one.pid === pid), ...below(pid)];
}

/** Those that still run. */
export function alive(family: readonly Process[]): Process[] {
  const all = running();
  return family.filter(({ pid, since }) => all.some((one) => one.pid === pid && one.since === since));
}

/** What runs. What has ended and only waits for its parent's notice does not count. */
function running(): Process[] {
  return process.platform === "linux" ? fromProc() : fromPs();
}

/** A slim Linux has no `ps`, but each has /proc. */
function fromProc(): Process[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    // proc(5): the name stands in parentheses and may hold anything, so the fields are counted from its end.
    const [state, parent, ...rest] = statOf(id)
      .replace(/^.*\) /s, "")
      .split(" ");
    const since = rest[STARTED_AFTER_PARENT];
    return since === undefined || state === "Z" ? [] : [{ pid: Number(id), parent: Number(parent), since }];
  });
}

const STARTED_AFTER_PARENT = 17;

function statOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/stat`, "utf8");
  } catch {
    return ""; // It ended meanwhile.
  }
}

function fromPs(): Process[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" });
  const rows = table.matchAll(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/gm);
  return [...rows]
    .filter(([, , , state]) => !state?.startsWith("Z"))
    .map(([, pid, parent, , since = ""]) => ({ pid: Number(pid), parent: Number(parent), since }));
}

/** Sends a signal; a negative id means a group. What has ended already is no trouble. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone, which is what was wanted.
  }
}
