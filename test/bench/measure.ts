/** Measures slices of load: interleaved, so that what else the machine does falls on every row alike. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Case, CASES, CONNECTIONS, RARELY } from "./cases.ts";
import type { Load, Loaded } from "./load.ts";
import { cpuNs, workerds } from "./processes.ts";
import type { World } from "./world.ts";

/** One slice of one row. */
export interface Sample extends Loaded {
  readonly id: string;
  readonly connections: number;
  readonly round: number;
  /** CPU time of workerd per request, µs; NaN where the system does not tell. */
  readonly cpuUs: number;
}

/** How long to measure. */
export interface Plan {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly warmUpMs: number;
}

/** What a slice left behind (answers still written, log lines still read) ends in this pause, ms. */
const SETTLE_MS = 25;

/** Measures every row at every number of connections, round by round. */
export async function measure(world: World, plan: Plan): Promise<Sample[]> {
  const generator = startGenerator();
  try {
    const [workerd] = await workerds();
    const samples: Sample[] = [];
    for (const one of CASES) await slice(world, generator, one, 8, plan.warmUpMs);
    for (const { one, connections, round } of slicesOf(plan)) {
      await pause(SETTLE_MS);
      const before = await cpuNs(workerd);
      const loaded = await slice(world, generator, one, connections, plan.sliceMs);
      const cpuUs = ((await cpuNs(workerd)) - before) / 1_000 / loaded.requests;
      samples.push({ ...loaded, id: one.id, connections, round, cpuUs });
    }
    return samples;
  } finally {
    generator.process.kill();
  }
}

/** The load generator; `ended` aborts once it is no more. */
interface Generator {
  readonly process: ChildProcess;
  readonly ended: AbortSignal;
}

function startGenerator(): Generator {
  const ended = new AbortController();
  const child = fork(join(import.meta.dirname, "load.ts"));
  child.once("exit", () => ended.abort(new Error("the load generator ended")));
  return { process: child, ended: ended.signal };
}

/** Every round begins with another row: none may always come after the same neighbour. */
function* slicesOf({ rounds }: Plan) {
  for (let round = 0; round < rounds; round += 1) {
    const due = CASES.filter(({ rarely = false }) => !rarely || round % RARELY === 0);
    const first = round % due.length;
    const cases = [...due.slice(first), ...due.slice(0, first)];
    for (const connections of CONNECTIONS) for (const one of cases) yield { one, connections, round };
  }
}

async function slice(
  world: World,
  generator: Generator,
  one: Case,
  connections: number,
  durationMs: number,
): Promise<Loaded> {
  const path = one.path(world.connection);
  const requests = world.tokens.map((token) => ({ path, token }));
  const load: Load = {
    port: world.ports[one.target],
    requests: one.manyOwners === true ? requests.slice(1) : requests.slice(0, 1),
    connections,
    durationMs,
    maxRequests: one.maxRequests,
  };
  generator.process.send(load);
  const [loaded] = (await once(generator.process, "message", { signal: generator.ended })) as [Loaded];
  if (loaded.wrong !== undefined) throw new Error(`${one.title}: ${loaded.wrong}`);
  return loaded;
}
