/** Does what the steps of a script say. */
import { approveRun } from "../../src/directory/run/approve.ts";
import { beginRun } from "../../src/directory/run/begin.ts";
import { cancelRun } from "../../src/directory/run/cancel.ts";
import { heldRuns, runningRun } from "../../src/directory/run/records.ts";
import { startDue } from "../../src/directory/run/schedule.ts";
import { Failure } from "../../src/lib/errors.ts";
import type { Judge } from "./judge.ts";
import type { Kind, Step } from "./step.ts";
import type { Json } from "./tenant.ts";
import type { Hook, World } from "./world.ts";

/** Where a script is played. */
interface Stage {
  readonly world: World;
  readonly judge: Judge;
}

/** Does one step. */
export async function perform<D extends Step["do"]>(stage: Stage, step: Extract<Step, { do: D }>): Promise<void> {
  // Each step finds the act of its own name; the compiler cannot follow that through the table.
  const act = ACTS[step.do] as (stage: Stage, step: Extract<Step, { do: D }>) => void | Promise<void>;
  await act(stage, step);
}

const ACTS: { readonly [D in Step["do"]]: (stage: Stage, step: Extract<Step, { do: D }>) => void | Promise<void> } = {
  change: ({ world }, { seed, steps }) => world.tenant.script(seed, steps),
  "change-during": ({ world }, { target, page, seed, steps }) =>
    hook(world, { target, left: page, when: "answered", act: () => world.tenant.script(seed, steps) }),
  purge: ({ world }, step) => world.tenant.change(removals(world, step)),
  "restore-all": ({ world }) => restore(world),
  sync: ({ world }, { type }) => asked(world, () => void beginRun(world.directory, { type, cause: "request" })),
  due: ({ world }) => asked(world, () => void startDue(world.directory, world.tenant.id)),
  pass: ({ world }, { ms }) => world.advance(ms),
  approve: ({ world }) => approve(world),
  cancel: ({ world }) => cancel(world),
  settings: ({ world }, { change }) => world.tenant.settings(change),
  grant: ({ world }, { licences, roles }) => world.tenant.grant({ licences, roles }),
  mishaps: ({ world }, { target, mishaps }) => void world.weather.mishaps.set(target, [...mishaps]),
  outage: ({ world }, { targets, mishap, ms }) =>
    void world.weather.outages.push({ targets, mishap, until: world.clock.now() + ms }),
  poison: ({ world }, { target, how, luck }) => void world.weather.poisons.push({ target, how, luck, met: 0 }),
  cure: ({ world }) => void (world.weather.poisons = []),
  expire: ({ world }, { kind, link }) => world.tenant.expire(kind, link),
  "expire-during": ({ world }, { target, page, link }) => {
    const act = () => {
      world.weather.noteGone(target);
      world.tenant.expire(KINDS[target], link);
    };
    hook(world, { target, left: page, when: "answered", act });
  },
  evict: ({ world }) => world.evict(),
  "evict-during": ({ world }, { target, page, when }) =>
    hook(world, { target, left: page, when, act: () => world.evict() }),
  fuse: ({ world }, { statements, ends }) => void (world.life.fuse = { left: statements, ends }),
  entra: ({ world }, { is }) => void (world.weather.entra = is),
  disconnect: ({ world, judge }) => {
    world.disconnect();
    judge.forget();
  },
};

const KINDS = { users: "user", groups: "group", devices: "device" } as const;

function hook(world: World, one: Hook): void {
  world.hooks.add(one);
}

/** Lets the oldest held run go on, unless another reads the same. */
export function approve(world: World): void {
  const held = heldRuns(world.sql).at(-1);
  if (held) asked(world, () => void approveRun(world.directory, held.id));
}

/** Nobody wants to wait for the run any longer that was begun last. */
function cancel(world: World): void {
  const running = runningRun(world.sql);
  if (running) asked(world, () => void cancelRun(world.directory, running.id));
}

/** Somebody asks for something; where the object ends meanwhile, or its disk fails, they hear an error. */
function asked(world: World, ask: () => void): void {
  try {
    ask();
  } catch (error) {
    const isRefused = error instanceof Failure && error.code === "conflict";
    if (!isRefused && !/evicted|disk I\/O/.test(String(error))) throw error;
  }
  world.look();
}

/** Deletes so large a share of a kind. */
function removals({ tenant }: World, { kind, share, luck }: { kind: Kind; share: number; luck: number }): Json[] {
  const [truth, op] = REMOVALS[kind];
  const all = tenant.truth(truth);
  const from = Math.floor(luck * all.length * (1 - share));
  const some = all.slice(from, from + Math.floor(all.length * share));
  return some.map(({ id, group, member }) => (kind === "member" ? { op, group, member } : { op, id }));
}

const REMOVALS = {
  user: ["users", "delete_user"],
  group: ["groups", "delete_group"],
  device: ["devices", "delete_device"],
  managed: ["managed", "retire"],
  member: ["members", "remove_member"],
} as const;

/** Brings back every user of the copy that the tenant has deleted and can restore. */
function restore({ tenant, sql }: World): void {
  const live = new Set(tenant.truth("users").map(({ id }) => id));
  const known = sql.all<{ id: string }>("SELECT id FROM users JOIN nodes USING (n)").map(({ id }) => id);
  for (const id of known.filter((one) => !live.has(one))) {
    try {
      tenant.change([{ op: "restore_user", id }]);
    } catch {
      // It was deleted for good.
    }
  }
}
