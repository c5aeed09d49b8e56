/** The samples as a table. No I/O. */
import { CASES, CONNECTIONS, FLOOR, FRESH, GOAL_RATIO, WHOLE, WHOLE_INFO } from "./cases.ts";
import type { Sample } from "./measure.ts";

/** The value below which that share of the values lie. */
function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;
}

const median = (values: readonly number[]) => quantile(values, 0.5);

/** What else runs on the machine only ever makes a slice dearer: the cheapest quarter tells most of the row itself. */
const quiet = (values: readonly number[]) => quantile(values, 0.25);

const wallUs = ({ requests, elapsedMs }: Sample) => (elapsedMs / requests) * 1_000;
const cpuUs = (sample: Sample) => sample.cpuUs;

type Cost = (sample: Sample) => number;

function costs(samples: readonly Sample[], id: string, connections: number, cost: Cost): number[] {
  return samples.filter((one) => one.id === id && one.connections === connections).map(cost);
}

/** How many times the floor's cost, both in their quiet quarter. */
function ratio(samples: readonly Sample[], id: string, connections: number, cost: Cost): number {
  return quiet(costs(samples, id, connections, cost)) / quiet(costs(samples, FLOOR, connections, cost));
}

/** The middle of the ratios within each round: row and floor a moment apart. */
function pairedRatio(samples: readonly Sample[], id: string, connections: number): number {
  const floors = costs(samples, FLOOR, connections, wallUs);
  return median(costs(samples, id, connections, wallUs).map((cost, round) => cost / (floors[round] ?? Number.NaN)));
}

/** The table, in Markdown. */
export function tableOf(samples: readonly Sample[]): string {
  const head = [
    "what",
    "connections",
    "requests/s",
    "median",
    "p50 ms",
    "p99 ms",
    "× floor",
    "paired",
    "CPU, µs",
    "× floor, CPU",
  ];
  const rows = CASES.flatMap(({ id, title }) => CONNECTIONS.map((connections) => row(samples, id, title, connections)));
  return [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** What the columns mean. */
export const LEGEND = [
  "requests/s, CPU (of workerd, per request) and their × floor: the quiet quarter of all rounds.",
  "median, p50, p99: the median round. paired: the median of the ratios to the floor of the same round.",
].join("\n");

function row(samples: readonly Sample[], id: string, title: string, connections: number): string[] {
  const of = (cost: Cost) => costs(samples, id, connections, cost);
  return [
    title,
    String(connections),
    (1e6 / quiet(of(wallUs))).toFixed(0),
    (1e6 / median(of(wallUs))).toFixed(0),
    median(of((one) => one.p50)).toFixed(2),
    median(of((one) => one.p99)).toFixed(2),
    ratio(samples, id, connections, wallUs).toFixed(2),
    pairedRatio(samples, id, connections).toFixed(2),
    quiet(of(cpuUs)).toFixed(0),
    ratio(samples, id, connections, cpuUs).toFixed(2),
  ];
}

/** How far the floor itself moved between rounds, by the number of connections. */
export function noiseOf(samples: readonly Sample[]): string {
  const spread = (connections: number, cost: Cost) => {
    const all = costs(samples, FLOOR, connections, cost);
    return `${quantile(all, 0).toFixed(0)}, ${quiet(all).toFixed(0)}, ${median(all).toFixed(0)}, ${quantile(all, 1).toFixed(0)}`;
  };
  const lines = CONNECTIONS.map(
    (connections) =>
      `- ${connections}: ${spread(connections, wallUs)} on the wall; ${spread(connections, cpuUs)} of CPU`,
  );
  return [
    "Noise: what a request of the floor took, µs: the quietest round, the quiet quarter, the median, the worst.",
    ...lines,
  ].join("\n");
}

/** What using a fresh token costs, and whether that meets the goal. */
export function verdictOf(samples: readonly Sample[]): string {
  const lines = CONNECTIONS.map((connections) => {
    const [wall, cpu] = [ratio(samples, FRESH, connections, wallUs), ratio(samples, FRESH, connections, cpuUs)];
    // CPU time is the steadier measure; only Linux tells it.
    const met = (Number.isNaN(cpu) ? wall : cpu) <= GOAL_RATIO ? "met" : "MISSED";
    return `- ${connections}: CPU ${cpu.toFixed(2)}, wall ${wall.toFixed(2)}: ${met}`;
  });
  const log = CONNECTIONS.map((connections) => {
    const [warn = Number.NaN, info = Number.NaN] = [WHOLE, WHOLE_INFO].map((id) =>
      quiet(costs(samples, id, connections, cpuUs)),
    );
    return `${connections}: ${(info - warn).toFixed(0)} µs`;
  });
  return [
    `Goal: caller check, limit and a fresh token cost at most ${GOAL_RATIO} × the floor.`,
    ...lines,
    `The log line of each request (INFO) costs, CPU by connections: ${log.join(", ")}.`,
  ].join("\n");
}
