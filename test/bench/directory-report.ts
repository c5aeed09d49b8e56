/** What was seen of the directory, in Markdown. No I/O. */
import type { RunResult } from "./directory-copy.ts";
import { type Copies, type DirectorySeen, type Round, SLOW_SHARE } from "./directory.ts";
import type { QueryResult } from "./directory-queries.ts";

const MIB = 1024 * 1024;
/** A page of any list must be found in this time, ms. */
const GOAL_QUERY_MS = 50;
const GOAL_MEMORY_BYTES = 128 * 1_000_000;

/** The report. */
export function directoryReport(seen: DirectorySeen): string {
  return [head(seen), copies(seen), ...slow(seen), parts(seen), costs(seen), questions(seen.queries)].join("\n\n");
}

function head({ plan, made, rounds }: DirectorySeen): string {
  const size = [
    `${plan.users} users, ${plan.groups} groups with ${plan.memberships} memberships wanted, ${plan.devices} devices`,
    `${made.pages} pages, ${(made.bytes / MIB).toFixed(0)} MiB`,
  ].join("; ");
  const rows = rounds.at(-1)?.loop.rows ?? {};
  return [
    "# Tenant directory",
    `${size}. The stand-in made the pages in ${seconds(made.elapsedMs)}; then they were given from memory.`,
    `Rows copied: ${Object.entries(rows)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}.`,
  ].join("\n\n");
}

function copies({ rounds }: DirectorySeen): string {
  const objects = (round: Round) => Object.values(round.loop.rows).reduce((sum, count) => sum + count, 0);
  const table = [
    ["first copy", "ours", "plain loop", "floor: fetched and dropped"],
    ["---", "---:", "---:", "---:"],
    [
      "time",
      spread(rounds, ({ ours }) => ours.copyMs / 1_000, "s"),
      spread(rounds, ({ loop }) => loop.elapsedMs / 1_000, "s"),
      spread(rounds, ({ floor }) => floor.elapsedMs / 1_000, "s"),
    ],
    [
      "rows per second",
      spread(rounds, (round) => objects(round) / (round.ours.copyMs / 1_000)),
      spread(rounds, (round) => objects(round) / (round.loop.elapsedMs / 1_000)),
      "",
    ],
    [
      "CPU of the process",
      spread(rounds, ({ ours }) => ours.cpuMs / 1_000, "s"),
      spread(rounds, ({ loop }) => loop.cpuMs / 1_000, "s"),
      "",
    ],
    [
      "memory at the peak (RSS)",
      spread(rounds, ({ ours }) => ours.memory.peak / MIB, "MiB"),
      spread(rounds, ({ loop }) => loop.memory.peak / MIB, "MiB"),
      "",
    ],
    [
      "memory before",
      spread(rounds, ({ ours }) => ours.memory.before / MIB, "MiB"),
      spread(rounds, ({ loop }) => loop.memory.before / MIB, "MiB"),
      "",
    ],
    ["JavaScript heap at the peak", spread(rounds, ({ ours }) => ours.memory.heap / MIB, "MiB"), "", ""],
  ];
  const wall = rounds.map(({ ours, loop }) => ours.copyMs / loop.elapsedMs);
  const cpu = rounds.map(({ ours, loop }) => ours.cpuMs / loop.cpuMs);
  const heap = Math.max(...rounds.map(({ ours }) => ours.memory.heap));
  const added = Math.max(...rounds.map(({ ours }) => ours.memory.peak - ours.memory.before));
  return [
    `Ours takes ${between(wall)} times as long as the plain loop in the same round, and ${between(cpu)} times its CPU (goal: at least as fast): ${judge(wall)}.`,
    `The most memory that a copy added to workerd: ${(added / MIB).toFixed(0)} MiB; the heap at its highest: ${(heap / MIB).toFixed(0)} MiB (goal: under 128 MB): ${heap < GOAL_MEMORY_BYTES ? "met" : "MISSED"}.`,
    table.map((cells) => `| ${cells.join(" | ")} |`).join("\n"),
    `Medians of ${rounds.length} rounds, in brackets the least and the most.`,
  ].join("\n\n");
}

/** Between a Worker and Graph there is a way: the plain loop waits for each page, ours for the longest of its lanes. */
function slow({ plan, slow: seen }: DirectorySeen): string[] {
  if (!seen) return [];
  const { ours, loop } = seen;
  const ratio = ours.copyMs / loop.elapsedMs;
  const users = Math.ceil(plan.users * SLOW_SHARE);
  return [
    `With ${plan.latencyMs} ms of latency on every answer (Graph's own take 100 to 500 ms), ${users} users and of everything else the same share: ours ${seconds(ours.copyMs)}, plain loop ${seconds(loop.elapsedMs)}, ${ratio.toFixed(2)} times as long: ${judge([ratio])}. By resource: ${waits(seen)}.`,
  ];
}

function waits({ ours, loop }: Copies): string {
  return ours.resources
    .filter(({ resource }) => loop.parts[resource] !== undefined)
    .map(({ resource, pages, started_at: from, ended_at: to }) => {
      const took = Date.parse(to ?? "") - Date.parse(from ?? "");
      return `${resource} ${pages} pages in ${seconds(took)}, loop ${seconds(loop.parts[resource] ?? Number.NaN)}`;
    })
    .join("; ");
}

function judge(ratios: readonly number[]): string {
  if (Math.max(...ratios) <= 1) return "met";
  return Math.min(...ratios) > 1 ? "MISSED" : "too noisy to say";
}

function parts({ rounds }: DirectorySeen): string {
  const last = rounds.at(-1);
  const shown = last?.ours.resources.filter(({ pages }) => pages > 0) ?? [];
  const rows = shown.map(({ resource, pages, seen, started_at: from, ended_at: to }) => [
    resource,
    String(pages),
    String(seen),
    seconds(Date.parse(to ?? "") - Date.parse(from ?? "")),
    last?.loop.parts[resource] === undefined ? "" : seconds(last.loop.parts[resource]),
  ]);
  return [
    ["resource", "pages", "objects seen", "ours (beside each other)", "plain loop"],
    ["---", "---:", "---:", "---:", "---:"],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function costs(seen: DirectorySeen): string {
  const { plan, storageBytes, rounds, again, changed, changes, unchanged, changedAskedMs, logs } = seen;
  const first = rounds.at(-1)?.ours;
  const objects = Object.values(rounds.at(-1)?.loop.rows ?? {}).reduce((sum, count) => sum + count, 0);
  const run = (name: string, { elapsedMs, cpuMs, rowsWritten, written, counted }: RunResult) =>
    `| ${name} | ${seconds(elapsedMs)} | ${seconds(cpuMs)} | ${rowsWritten} | ${rowsRead(counted)} | ${written} |`;
  return [
    [
      "| run | time | CPU | rows written (billed) | rows read | things written |",
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      ...(first ? [run("first copy", first)] : []),
      run("everything once more, unchanged", again),
      run(`incremental, ${changes} changes`, changed),
      run("incremental, nothing changed", unchanged),
      ...(logs ? [run("logs of 30 days", logs)] : []),
    ].join("\n"),
    `Storage: ${(storageBytes / MIB).toFixed(0)} MiB, ${(storageBytes / plan.users).toFixed(0)} bytes per user with everything that belongs to it; rows written per row of the first copy: ${((first?.rowsWritten ?? 0) / objects).toFixed(1)}.`,
    `Rows written per change: ${((changed.rowsWritten - unchanged.rowsWritten) / changes).toFixed(1)} beyond the ${unchanged.rowsWritten} that any incremental run writes. The run with ${changes} changes took ${seconds(changed.elapsedMs)}; the stand-in took ${seconds(changedAskedMs)} over its requests, some of them beside each other.`,
  ].join("\n\n");
}

function rowsRead({ statements }: RunResult["counted"]): number {
  return Object.values(statements).reduce((sum, statement) => sum + statement.rowsRead, 0);
}

function questions(queries: readonly QueryResult[]): string {
  const groups = Map.groupBy(queries, ({ list, kind }) => `${list} | ${kind}`);
  const rows = [...groups].map(([name, group]) => {
    const medians = group.map(({ medianMs }) => medianMs).toSorted((a, b) => a - b);
    const worst = group.toSorted((a, b) => b.medianMs - a.medianMs)[0];
    return `| ${name} | ${group.length} | ${medians[Math.floor(medians.length / 2)] ?? "?"} | ${worst?.medianMs ?? "?"} | ${Math.max(...group.map(({ worstMs }) => worstMs))} | \`${short(worst?.path ?? "")}\` |`;
  });
  const times = queries.map(({ medianMs }) => medianMs).toSorted((a, b) => a - b);
  const firsts = queries.map(({ firstMs }) => firstMs).toSorted((a, b) => a - b);
  const slowFirsts = firsts.filter((ms) => ms >= GOAL_QUERY_MS).length;
  const over = queries.filter(({ medianMs }) => medianMs >= GOAL_QUERY_MS).toSorted((a, b) => b.medianMs - a.medianMs);
  return [
    "Questions, timed inside the object, ms: of each kind the median and the slowest question by its median, and the slowest single answer.",
    [
      "| list | kind | questions | median | slowest | single answer | slowest question |",
      "| --- | --- | ---: | ---: | ---: | ---: | --- |",
      ...rows,
    ].join("\n"),
    `Of ${queries.length} questions ${over.length} take ${GOAL_QUERY_MS} ms or more (goal: none; ${over.length === 0 ? "met" : "MISSED"}). Median of all ${times[Math.floor(times.length / 2)] ?? "?"} ms, 95th percentile ${times[Math.floor(times.length * 0.95)] ?? "?"} ms.`,
    `When they were asked for the first time ${slowFirsts} took that long: median ${firsts[Math.floor(firsts.length / 2)] ?? "?"} ms, 95th percentile ${firsts[Math.floor(firsts.length * 0.95)] ?? "?"} ms.`,
    ...over.map(({ path, medianMs }) => `- ${medianMs} ms: \`${short(path)}\``),
  ].join("\n\n");
}

const short = (path: string) => path.replace(/cursor=[^&]+/, "cursor=…").slice(0, 120);
const seconds = (ms: number) => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;

function spread(rounds: readonly Round[], value: (round: Round) => number, unit = ""): string {
  const values = rounds.map(value);
  const digits = Math.max(...values) < 100 ? 1 : 0;
  return `${between(values, digits)}${unit === "" ? "" : ` ${unit}`}`;
}

function between(values: readonly number[], digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => (sorted[index] ?? Number.NaN).toFixed(digits);
  return `${at(Math.floor(sorted.length / 2))} (${at(0)}–${at(sorted.length - 1)})`;
}
