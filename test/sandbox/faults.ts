import * as z from "zod";
import type { SandboxStore } from "./store.ts";

const entraErrorSchema = z.strictObject({
  error: z.string(),
  code: z.number().int(),
  suberror: z.string().optional(),
  claims: z.string().optional(),
  message: z.string().optional(),
  status: z.number().int().optional(),
});

/** One planned misbehaviour: which requests it meets, what happens to them, and how often. */
export const faultSchema = z.strictObject({
  host: z.string().optional(),
  /** A prefix of the path, or a pattern in which `*` stands for anything. */
  path: z.string().optional(),
  method: z.string().optional(),
  grant_type: z.string().optional(),
  /** How many matching requests pass unharmed first. */
  skip: z.number().int().nonnegative().default(0),
  times: z.number().int().positive().default(1),
  status: z.number().int().min(200).max(599).optional(),
  body: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** The Retry-After header: seconds, or an HTTP date. */
  retry_after: z.union([z.number(), z.string()]).optional(),
  delay_ms: z.number().int().nonnegative().optional(),
  /** Whether the delay comes before the work or between the work and its answer. */
  delay_at: z.enum(["before", "after"]).default("before"),
  /** before: the work is not done. after: it is done and its answer destroyed. */
  drop: z.enum(["before", "after"]).optional(),
  /** An error in Entra's own envelope; on the authorize path it goes to the redirect URI. */
  entra_error: entraErrorSchema.optional(),
});

/** A fault as it is kept. */
export type Fault = z.infer<typeof faultSchema> & { id: number };

/** What of a request decides whether a fault meets it. */
export interface FaultTarget {
  host: string;
  path: string;
  method: string;
  grantType: string | undefined;
}

const KEY = "faults";

/** The faults that still have something to do. */
export function listFaults(store: SandboxStore): Fault[] {
  return store.get<Fault[]>(KEY) ?? [];
}

/** Adds one fault. Throws a ZodError when it is malformed. */
export function addFault(store: SandboxStore, input: unknown): Fault {
  const faults = listFaults(store);
  const fault = { ...faultSchema.parse(input), id: (faults.at(-1)?.id ?? 0) + 1 };
  store.put(KEY, [...faults, fault]);
  return fault;
}

/** Forgets every fault. */
export function clearFaults(store: SandboxStore): void {
  store.delete(KEY);
}

/** The first fault that meets the request, counted as used; a fault that skips lets later ones try. */
export function takeFault(store: SandboxStore, target: FaultTarget): Fault | undefined {
  const faults = listFaults(store);
  let taken: Fault | undefined;
  const left = faults.flatMap((fault) => {
    if (taken !== undefined || !meets(fault, target)) return [fault];
    if (fault.skip > 0) return [{ ...fault, skip: fault.skip - 1 }];
    taken = fault;
    return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : [];
  });
  if (faults.length > 0) store.put(KEY, left);
  return taken;
}

/** Whether a path starts with `pattern` or, when it holds a `*`, matches it whole. */
export function pathMatches(pattern: string, path: string): boolean {
  if (!pattern.includes("*")) return path.startsWith(pattern);
  const source = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(path);
}

function meets(fault: Fault, target: FaultTarget): boolean {
  const same = (wanted: string | undefined, found: string | undefined) =>
    wanted === undefined || wanted.toLowerCase() === found?.toLowerCase();
  return (
    same(fault.host, target.host) &&
    same(fault.method, target.method) &&
    same(fault.grant_type, target.grantType) &&
    (fault.path === undefined || pathMatches(fault.path, target.path))
  );
}
