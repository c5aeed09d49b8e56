/**
 * What must be true whenever a run has ended: nothing is said to have succeeded that did not, what a run says it read is
 * what the tenant was, what is held is still there, and nothing goes on for ever.
 */
import { knownCapabilities } from "../../src/directory/connect/capabilities.ts";
import { type ResourceName, RESOURCES } from "../../src/directory/resources.ts";
import { listRuns, type Run, type Task, tasksOf } from "../../src/directory/run/records.ts";
import { REMOVES } from "../../src/directory/run/round.ts";
import { shownDevices, shownEdges, shownGroups, shownUsers } from "./copy.ts";
import { apartAfter } from "./after-run.ts";
import { Memory } from "./memory.ts";
import { Untold } from "./untold.ts";
import type { Poison, Target } from "./weather.ts";
import type { World } from "./world.ts";

const DAY_MS = 86_400_000;
/** A run that takes longer than this does not end. */
const LONGEST_RUN_MS = 5 * DAY_MS;

/** Requests of a target that a run may have under way when it is cancelled: a page and the one after it. */
const MOST_UNDER_WAY = 2;
const MOST_UNDER_WAY_MS = 60_000;

/** Every so many-th run is remembered as it left the copy. */
const REMEMBERED = 3;

const KNOWN_REASONS = new Set(["set_aside", "owners_refused", "cancelled", "provider_misconfigured"]);

/** How it was when a run began. */
interface Begun {
  readonly changes: number;
  readonly harm: number;
  /** Requests until then. */
  readonly asked: ReadonlyMap<Target, number>;
  readonly readable: ReadonlySet<string>;
  readonly poisons: readonly Poison[];
  readonly entra: string;
  readonly shown: Shown;
  readonly refusals: Set<Target>;
  /** Services that the tenant did without at some time of the run, whatever it has when the run ends. */
  readonly missed: Set<Target>;
}

/** Everything that can be removed, by kind, as it shows. */
type Shown = Readonly<Record<"users" | "groups" | "devices" | "managed_devices" | "members", ReadonlySet<string>>>;

/** See the head of this file. */
export class Judge {
  /** How often the copy was found to be equal after a run. */
  proven = 0;
  readonly memory = new Memory();
  /** Statuses in which runs were seen to end. */
  readonly ends: string[] = [];
  readonly #begun = new Map<string, Begun>();
  readonly #seen = new Map<string, string>();
  /** Logs of which something was set aside since they were last read whole. */
  readonly #lacking = new Set<ResourceName>();
  #readable = new Set<string>();

  readonly #untold: Untold;

  constructor(readonly world: World) {
    world.look = () => this.look();
    this.#untold = new Untold(world);
  }

  /** Sees what became of runs. */
  look(): void {
    const { world } = this;
    for (const run of listRuns(world.sql, { limit: 8 }).toReversed()) {
      if (run.status === "running" && !this.#begun.has(run.id)) this.#begin(run);
      const begun = this.#begun.get(run.id);
      for (const [target] of world.refusals) begun?.refusals.add(target);
      const before = this.#seen.get(run.id);
      if ((before ?? "running") === "running" && !world.tenant.hasIntune) begun?.missed.add("managed_devices");
      if (run.status === before) continue;
      this.#seen.set(run.id, run.status);
      if (run.status === "running" && before === "held") this.#begin(run, begun);
      if (run.status !== "running" && run.status !== "superseded") this.#end(run);
    }
    world.refusals.clear();
    if (world.late().length > 0) world.broken.push(`a life that was disconnected wrote: ${world.late()[0]}`);
  }

  /** Forgets what was: the tenant is connected anew. */
  forget(): void {
    this.#begun.clear();
    this.#seen.clear();
    this.#lacking.clear();
    this.memory.forget();
  }

  /** `before`: of a run that was held and is approved. It still ends as what it met until then lets it. */
  #begin(run: Run, before?: Begun): void {
    const { weather, tenant } = this.world;
    this.#readable = readable(this.world);
    this.#begun.set(run.id, {
      changes: before?.changes ?? tenant.changes,
      harm: before?.harm ?? weather.harm,
      asked: new Map(this.world.requests),
      readable: this.#readable,
      poisons: [...weather.poisons],
      entra: weather.entra,
      shown: shownOf(this.world),
      refusals: before?.refusals ?? new Set(),
      missed: before?.missed ?? new Set(),
    });
  }

  #end(run: Run): void {
    const begun = this.#begun.get(run.id);
    if (!begun) return this.#say(run, "ended without having begun");
    const tasks = tasksOf(this.world.sql, run.r);
    this.ends.push(run.status);
    this.#noteLacking(tasks);
    this.#bounded(run, tasks, begun);
    if (run.r % REMEMBERED === 1) this.memory.keep(this.world.sql, this.world.clock.now());
    if (run.status === "held") this.#held(run, tasks, begun);
    if (run.status === "succeeded") this.#succeeded(run, tasks, begun);
    else if (run.status !== "held") this.#failed(run, tasks, begun);
  }

  #noteLacking(tasks: readonly Task[]): void {
    for (const task of tasks) {
      this.#untold.after(task);
      if (RESOURCES[task.resource].mode !== "window") continue;
      if (task.setAside > 0) this.#lacking.add(task.resource);
      else if (task.state === "done" && task.round === "full") this.#lacking.delete(task.resource);
    }
  }

  #bounded(run: Run, tasks: readonly Task[], begun: Begun): void {
    const pages = tasks.reduce((sum, task) => sum + task.pages, 0);
    // Until it was held it was judged then; how long an approval takes is not the run's doing.
    const seconds = ((run.endedAt ?? this.world.clock.now()) - (run.approvedAt ?? run.startedAt)) / 1000;
    const asked = tasks.reduce(
      (sum, { resource }) => sum + askedFor(this.world, resource) - (begun.asked.get(resource) ?? 0),
      0,
    );
    if (asked > 150 + 5 * pages + seconds) this.#say(run, `asked ${asked} times for ${pages} pages in ${seconds} s`);
    if (seconds * 1000 > LONGEST_RUN_MS) this.#say(run, `took ${seconds / 86_400} days`);
  }

  #succeeded(run: Run, tasks: readonly Task[], begun: Begun): void {
    const { world } = this;
    const { weather, tenant } = world;
    const bad = tasks.find(({ state }) => state !== "done" && state !== "skipped");
    if (bad) this.#say(run, `succeeded with ${bad.resource} ${bad.state}`);
    if (tasks.some((task) => task.setAside > 0)) this.#say(run, "succeeded although something was set aside");
    const wasAsked = (target: Target) =>
      tasks.some(({ resource, startedAt }) => resource === target && startedAt !== undefined);
    for (const target of begun.refusals)
      if (begun.readable.has(target) && wasAsked(target))
        this.#say(run, `succeeded although ${target} was refused, which nobody knew`);
    this.#true(run, tasks);
    if (tenant.changes !== begun.changes) return;
    // What a cancelled run was about to ask for is asked after this one began, and is no matter of it.
    const late = wasJustCancelled(world, run);
    const hasMet = ({ target, met }: Poison) => met > (begun.asked.get(target) ?? 0) + (late ? MOST_UNDER_WAY : 0);
    for (const poison of begun.poisons)
      if (weather.poisons.includes(poison) && hasMet(poison) && wasAsked(poison.target))
        this.#say(run, `succeeded although ${poison.target} was poisoned (${poison.how})`);
    if (run.approvedAt === undefined) this.#gated(run, begun);
  }

  /** Without an approval no more is removed than the gate lets through. */
  #gated(run: Run, { shown }: Begun): void {
    const now = shownOf(this.world);
    for (const kind of ["users", "groups", "devices", "managed_devices"] as const) {
      const removed = [...shown[kind]].filter((id) => !now[kind].has(id)).length;
      if (removed > 50 && removed > shown[kind].size / 5)
        this.#say(run, `removed ${removed} of ${shown[kind].size} ${kind} without being held`);
    }
  }

  /** What the run says it read is what the tenant is. */
  #true(run: Run, tasks: readonly Task[]): void {
    const wrong = apartAfter(this.world, { run, tasks, lacking: this.#lacking, untold: this.#untold });
    for (const difference of wrong.slice(0, 3)) this.#say(run, difference);
    if (wrong.length === 0) this.proven += 1;
  }

  /** A run that met nothing but what passes has no reason not to succeed, however often its object ended. */
  #failed(run: Run, tasks: readonly Task[], begun: Begun): void {
    const { world } = this;
    if (world.weather.harm > begun.harm) return;
    const task = tasks.find(({ state, resource }) => {
      if (state === "done" || state === "skipped") return false;
      // What the tenant does not let be read is a reason.
      return !(state === "refused" && (begun.refusals.has(resource) || begun.missed.has(resource)));
    });
    // So is what waits for somebody, what an earlier run could not read, that nobody wanted to wait, and a refused secret.
    const isKnown = KNOWN_REASONS.has(task?.trouble?.code ?? "");
    if (!task || isKnown) return;
    this.#say(run, `is ${run.status} for no reason: ${task.resource} ${task.state} ${JSON.stringify(task.trouble)}`);
  }

  /** What is held is still there. */
  #held(run: Run, tasks: readonly Task[], { shown }: Begun): void {
    const now = shownOf(this.world);
    for (const { resource } of tasks.filter(({ state }) => state === "held")) {
      for (const kind of REMOVES[resource]) {
        if (kind === "members") continue;
        const gone = [...shown[kind]].filter((id) => !now[kind].has(id));
        if (gone.length > 0) this.#say(run, `is held and has removed ${gone.length} ${kind}, such as ${gone[0]}`);
      }
    }
  }

  #say(run: Run, what: string): void {
    this.world.broken.push(`run ${run.r} (${run.type}, ${run.status}): ${what}`);
  }
}

/** Whether requests of a cancelled run may have gone out since this one began. */
function wasJustCancelled({ sql }: World, { startedAt, r: self }: Run): boolean {
  const since = startedAt - MOST_UNDER_WAY_MS;
  return listRuns(sql, { limit: 8 }).some(
    ({ r, endedAt }) =>
      r < self && (endedAt ?? 0) >= since && tasksOf(sql, r).some(({ trouble }) => trouble?.code === "cancelled"),
  );
}

/** Resources that are not known to be refused. */
function readable({ sql }: World): Set<string> {
  const known = knownCapabilities(sql);
  const open = (name: string) => ["available", "unknown"].includes(known[name]?.status ?? "unknown");
  return new Set(Object.keys(RESOURCES).filter(open));
}

function shownOf({ sql }: World): Shown {
  const devices = shownDevices(sql);
  const ids = (column: string) =>
    new Set(devices.flatMap((row) => (row[column] === null ? [] : [String(row[column])])));
  return {
    users: new Set(shownUsers(sql).keys()),
    groups: new Set(shownGroups(sql).keys()),
    devices: ids("entra_id"),
    managed_devices: ids("intune_id"),
    members: shownEdges(sql),
  };
}

function askedFor({ requests }: World, target: Target): number {
  return requests.get(target) ?? 0;
}
