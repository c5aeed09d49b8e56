/** What the system tells of a process. Linux alone tells it: elsewhere every number is NaN. */
import { readdir, readFile, writeFile } from "node:fs/promises";

/** The workerd processes that this process started, by their ids. */
export async function workerds(): Promise<number[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").catch(() => "");
  const ids = children.split(" ").filter((id) => id !== "");
  const names = await Promise.all(ids.map((id) => readFile(`/proc/${id}/comm`, "utf8").catch(() => "")));
  return ids.filter((_, index) => names[index]?.startsWith("workerd")).map(Number);
}

/** CPU time of a process so far, ns: less shaken by what else runs than the clock on the wall. */
export async function cpuNs(pid: number | undefined): Promise<number> {
  if (pid === undefined) return Number.NaN;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => undefined);
  if (threads === undefined) return Number.NaN;
  const times = await Promise.all(
    threads.map(
      async (id) => (await readFile(`/proc/${pid}/task/${id}/schedstat`, "utf8").catch(() => "0")).split(" ")[0],
    ),
  );
  return times.reduce((sum, time) => sum + Number(time), 0);
}

/** Memory of a process that is in RAM, bytes: now, and the most since {@link forgetPeak}. */
export async function memoryOf(pid: number | undefined): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid ?? "none"}/status`, "utf8").catch(() => "");
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return { now: read("VmRSS"), peak: read("VmHWM") };
}

/** From now on the peak is counted anew (proc(5), clear_refs). */
export async function forgetPeak(pid: number | undefined): Promise<void> {
  await writeFile(`/proc/${pid ?? "none"}/clear_refs`, "5").catch(() => undefined);
}
