import { GRAPH, type Json } from "../driver.ts";
import type { TenantDriver } from "./tenant-driver.ts";

/** An answer inside a batch. */
export interface BatchAnswer extends Json {
  id: string;
  status: number;
  headers: Record<string, string>;
  body: Json;
}

/** GETs each of the paths in one batch, and answers in their order. */
export async function batchOf({ sandbox, tenantId }: TenantDriver, paths: readonly string[]): Promise<BatchAnswer[]> {
  const form = { grant_type: "client_credentials", scope: `${GRAPH}/.default` };
  const token = String((await sandbox.token(form, tenantId)).body["access_token"]);
  const requests = paths.map((url, at) => ({ id: String(at), method: "GET", url }));
  const { body } = await sandbox.graph(token, "/$batch", { method: "POST", body: { requests } });
  return (body["responses"] as BatchAnswer[]).toSorted((a, b) => Number(a.id) - Number(b.id));
}
