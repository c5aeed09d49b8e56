import * as z from "zod";
import type { SandboxStore } from "../store.ts";

/** How a hook answers. Without `times` it stays so until it is changed or cleared. */
export const behaviourSchema = z.strictObject({
  status: z.number().int().min(200).max(599).default(204),
  body: z.string().optional(),
  /** Where a 3xx points to; without, another name of the same receiver, so that a follower is seen there. */
  location: z.string().optional(),
  /** The Retry-After header: seconds, or an HTTP date. */
  retry_after: z.union([z.number(), z.string()]).optional(),
  /** How long the answer takes, in milliseconds. */
  delay_ms: z.number().int().nonnegative().default(0),
  /** before: the request is not recorded. after: it is, and its answer destroyed. */
  drop: z.enum(["before", "after"]).optional(),
  /** How many requests meet this behaviour before the hook answers 204 again. */
  times: z.number().int().positive().optional(),
});

/** How a hook answers. */
export type Behaviour = z.infer<typeof behaviourSchema>;

/** How the hook of this name answers. */
export function readBehaviour(store: SandboxStore, name: string): Behaviour {
  return store.get<Behaviour>(behaviourKey(name)) ?? behaviourSchema.parse({});
}

/** Changes how a hook answers; what is left out goes back to its default. Throws a ZodError when malformed. */
export function setBehaviour(store: SandboxStore, name: string, input: unknown): Behaviour {
  const behaviour = behaviourSchema.parse(input);
  store.put(behaviourKey(name), behaviour);
  return behaviour;
}

/** How the hook answers this request, counted as used. */
export function takeBehaviour(store: SandboxStore, name: string): Behaviour {
  const behaviour = readBehaviour(store, name);
  if (behaviour.times === undefined) return behaviour;
  if (behaviour.times === 1) store.delete(behaviourKey(name));
  else store.put(behaviourKey(name), { ...behaviour, times: behaviour.times - 1 });
  return behaviour;
}

/** Lets a hook, or every hook, answer 204 again. */
export function clearBehaviour(store: SandboxStore, name?: string): void {
  const keys = name === undefined ? store.list("hook-behaviour:").map(([key]) => key) : [behaviourKey(name)];
  for (const key of keys) store.delete(key);
}

function behaviourKey(name: string): string {
  return `hook-behaviour:${name}`;
}
