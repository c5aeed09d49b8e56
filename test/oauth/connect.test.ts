import { expect, test } from "vitest";
import { call } from "../support.ts";
import { connectWith, integration, MANAGER } from "./manager.ts";

test.each([
  ["microsoft", "ana@contoso.example"],
  ["google", "ana@contoso.example"],
  ["youtube", "ana@contoso.example"],
  ["notion", "ana@contoso.example"],
])("an account of %s is connected, listed, shown and used", async (provider, address) => {
  const claims = { sub: `five-${provider}`, scope: "tokens:read" };
  const id = await connectWith(claims, { provider });
  const shown = await integration(claims, id);
  expect(shown).toMatchObject({ id, provider, status: "active", trouble: null, account: { address } });
  const list = await (await call(`${MANAGER}/integrations`, claims)).json<{ integrations: { id: string }[] }>();
  expect(list.integrations.map((one) => one.id)).toEqual([id]);
  const token = await call(`${MANAGER}/integrations/${id}/token`, claims);
  expect(token.status).toBe(200);
  const refreshed = await call(`${MANAGER}/integrations/${id}/refresh`, claims, { method: "POST" });
  expect(refreshed.status).toBe(200);
  const synced = await call(`${MANAGER}/integrations/sync`, claims, { method: "POST" });
  const { results } = await synced.json<{ results: unknown[] }>();
  expect(results).toEqual([expect.objectContaining({ id, outcome: "ok" })]);
  const gone = await call(`${MANAGER}/integrations/${id}`, claims, { method: "DELETE" });
  expect(gone.status).toBe(200);
  expect((await call(`${MANAGER}/integrations/${id}`, claims)).status).toBe(404);
});
