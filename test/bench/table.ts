/** The samples as a table. No I/O. */
import { CASES, CONNECTIONS, FLOOR, FRESH, GOAL_RATIO, WHOLE, WHOLE_INFO } from "./cases.ts";
import type { Sample } from "./measure.ts";

const wallUs = ({ requests, elapsedMs }: Sample) => (elapsedMs / requests) * 1_000;
const cpuUs = (sample: Sample) => sample.cpuUs;

type Cost = (sample: Sample) => number;

/** A median, and between what it lies in 19 of 20 cases. */
interface Estimate {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** By order statistics: nothing is assumed of how the noise is spread. */
function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (rank: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  const half = (sorted.length - 1) / 2;
  const reach = 0.98 * Math.sqrt(sorted.length);
  return { middle: at(half), low: at(Math.floor(half - reach)), high: at(Math.ceil(half + reach)) };
}

function samplesOf(samples: readonly Sample[], id: string, connections: number): Sample[] {
  return samples.filter((one) => one.id === id && one.connections === connections);
}

/** Compares a row with another one in the same round: a moment apart, the machine is mostly the same. */
function paired(
  samples: readonly Sample[],
  { id, to, connections }: { readonly id: string; readonly to: string; readonly connections: number },
  compare: (one: Sample, other: Sample) => number,
): Estimate {
  const others = new Map(samplesOf(samples, to, connections).map((other) => [other.round, other]));
  const compared = samplesOf(samples, id, connections).flatMap((one) => {
    const other = others.get(one.round);
    return other ? [compare(one, other)] : [];
  });
  return estimate(compared);
}

/** How many times what the floor of the same round costs. */
function ratio(samples: readonly Sample[], id: string, connections: number, cost: Cost): Estimate {
  return paired(samples, { id, to: FLOOR, connections }, (one, floor) => cost(one) / cost(floor));
}

const ratioText = ({ middle, low, high }: Estimate) => `${middle.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;

/** The table, in Markdown. */
export function tableOf(samples: readonly Sample[]): string {
  const head = ["what", "connections", "requests/s", "p50 ms", "p99 ms", "× floor", "CPU, µs", "× floor, CPU"];
  const rows = CASES.flatMap(({ id, title }) => CONNECTIONS.map((connections) => row(samples, id, title, connections)));
  return [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** What the columns mean. */
export const LEGEND = [
  "All values are medians of the rounds. × floor: against the floor of the same round, by the wall clock and by the CPU",
  "time of workerd; in brackets between what that median lies in 19 of 20 cases.",
].join("\n");

function row(samples: readonly Sample[], id: string, title: string, connections: number): string[] {
  const own = samplesOf(samples, id, connections);
  const middle = (value: Cost) => estimate(own.map(value)).middle;
  return [
    title,
    String(connections),
    (1e6 / middle(wallUs)).toFixed(0),
    middle((one) => one.p50).toFixed(2),
    middle((one) => one.p99).toFixed(2),
    ratioText(ratio(samples, id, connections, wallUs)),
    middle(cpuUs).toFixed(0),
    ratioText(ratio(samples, id, connections, cpuUs)),
  ];
}

/** How far the floor itself moved between rounds. */
export function noiseOf(samples: readonly Sample[]): string {
  const lines = CONNECTIONS.map((connections) => {
    const sorted = samplesOf(samples, FLOOR, connections)
      .map(wallUs)
      .toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(0) ?? "?";
    return `- ${connections}: ${at(0)}, ${at(0.25)}, ${at(0.5)}, ${at(0.75)}, ${at(1)}`;
  });
  return ["Noise: the floor's µs per request, quietest round, quartiles, worst round, by connections.", ...lines].join(
    "\n",
  );
}

/** What using a fresh token costs, and whether that meets the goal. */
export function verdictOf(samples: readonly Sample[]): string {
  const lines = CONNECTIONS.map((connections) => {
    const [wall, cpu] = [ratio(samples, FRESH, connections, wallUs), ratio(samples, FRESH, connections, cpuUs)];
    // CPU time is the steadier measure; only Linux tells it.
    return `- ${connections}: CPU ${ratioText(cpu)}, wall ${ratioText(wall)}: ${judged(Number.isNaN(cpu.middle) ? wall : cpu)}`;
  });
  const log = CONNECTIONS.map((connections) => {
    const extra = paired(samples, { id: WHOLE_INFO, to: WHOLE, connections }, (info, warn) => info.cpuUs - warn.cpuUs);
    return `${connections}: ${extra.middle.toFixed(0)} µs`;
  });
  return [
    `Goal: caller check, limit and a fresh token cost at most ${GOAL_RATIO} × the floor.`,
    ...lines,
    `The log line of each request (INFO) costs, CPU by connections: ${log.join(", ")}.`,
  ].join("\n");
}

function judged({ low, high }: Estimate): string {
  if (high <= GOAL_RATIO) return "met";
  return low > GOAL_RATIO ? "MISSED" : "too noisy to say";
}
