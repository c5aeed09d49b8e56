import { expect, test } from "vitest";
import { Lane } from "../faults/lane.ts";
import { OwnerOf } from "../faults/owner.ts";
import { World } from "../faults/world.ts";
import { loadRows } from "../../src/connections/rows.ts";
import { syncAll, type Synced } from "../../src/connections/sync.ts";
import { readTokens } from "../../src/connections/token-answer.ts";
import { sealAnswer } from "../../src/connections/tokens.ts";
import { unanswered } from "../../src/lib/http.ts";
import { ConnectionId } from "../../src/lib/ids.ts";

const MANY = 60;

test("a sync of many connections at a silent provider answers in little more than a minute, for every one of them", async () => {
  const world = await World.open(new Lane("many"), "many", { rotation: "keep", random: () => 0.5 });
  void new OwnerOf(world).connect();
  await world.advance(60_000);
  const { vault, clock } = world;
  const rows = await loadRows(vault);
  const [row] = rows.values();
  const tokens = readTokens({ access_token: "a", refresh_token: "r" });
  if (!row || !tokens) throw new Error("not connected");
  const answer = { provider: vault.provider("microsoft"), resource: "graph", asked: row.scopes, tokens };
  for (let one = 1; one < MANY; one += 1) {
    const id = ConnectionId.parse(`con_${String(one).padStart(24, "0")}`);
    rows.set(id, { ...row, id, ...(await sealAnswer(vault, { ...row, id }, answer)) });
  }
  const silent = {
    async send({ label, timeoutMs }: { label: string; timeoutMs: number }) {
      await clock.after(timeoutMs).done;
      throw unanswered(label, "timeout", undefined);
    },
  };
  let results: Synced[] | undefined;
  void syncAll({ ...vault, sender: silent }, { actor: "many" }).then((found) => (results = found));
  await world.advance(75_000);
  expect(results?.map(({ outcome }) => outcome)).toEqual(Array.from({ length: MANY }, () => "failed"));
  expect(
    results?.filter((one) => "failure" in one && one.failure.extra?.reason === "not_begun").length,
  ).toBeGreaterThan(20);
});
