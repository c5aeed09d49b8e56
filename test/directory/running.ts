/** What the tests of runs share: connecting a tenant of the stand-in, syncing it, and waiting until a run has ended. */
import { call, send } from "../support.ts";
import { adminOf, CLIENT, makeTenant, read, setUp } from "./connecting.ts";

/** A run as its page shows it. */
export interface ShownRun {
  readonly id: string;
  readonly status: string;
  readonly sync_type: string;
  readonly resources: readonly {
    readonly resource: string;
    readonly status: string;
    readonly reading: string;
    readonly seen: number;
    readonly written: number;
    readonly removed: number;
    readonly fell_back_to_full: boolean;
    readonly reason: { readonly code: string; readonly detail: string } | null;
  }[];
  readonly set_aside: readonly { readonly resource: string; readonly reason: string }[];
}

/** Connects a tenant of the stand-in for an organisation and gives the tenant's id. */
export async function connected(org: string, seed: number, size: Record<string, unknown> = {}): Promise<string> {
  const { tenant_id: id } = await makeTenant(seed, size);
  const answer = await setUp(org, { tenant_id: id, ...CLIENT });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer));
  return id;
}

/** Begins a run and waits until it has ended. */
export async function sync(org: string, type: string): Promise<ShownRun> {
  const begun = await read(await send("POST", "/v1/microsoft/sync", adminOf(org), { sync_type: type }));
  if (begun.status !== 202) throw new Error(JSON.stringify(begun));
  return ended(org, String(begun["run_id"]));
}

/** The run once it has ended: its events end with it. */
export async function ended(org: string, id: string): Promise<ShownRun> {
  await (await call(`/v1/microsoft/runs/${id}/events`, adminOf(org))).text();
  return (await call(`/v1/microsoft/runs/${id}`, adminOf(org))).json();
}

/** How one resource of a run ended. */
export function resourceOf(run: ShownRun, name: string): ShownRun["resources"][number] {
  const found = run.resources.find(({ resource }) => resource === name);
  if (!found) throw new Error(`the run has no ${name}`);
  return found;
}
