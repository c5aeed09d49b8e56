import { expect, test } from "vitest";
import { Lane } from "../faults/lane.ts";
import { OwnerOf } from "../faults/owner.ts";
import { World } from "../faults/world.ts";
import { revokeDue } from "../../src/connections/revoke.ts";
import { loadRows } from "../../src/connections/rows.ts";
import type { Connection } from "../../src/db/connections.ts";
import { ConnectionId } from "../../src/lib/ids.ts";

let worlds = 0;

async function connected(person: string): Promise<{ world: World; row: Connection }> {
  worlds += 1;
  const world = await World.open(new Lane(`alarm${worlds}`), person, { rotation: "rotate", random: () => 0.5 });
  void new OwnerOf(world).connect();
  await world.advance(60_000);
  const [row] = (await loadRows(world.vault)).values();
  if (!row) throw new Error("not connected");
  return { world, row };
}

test("an erasure that was interrupted goes on with what is still connected, and leaves what is connected later", async () => {
  const { world, row } = await connected("alarm-erase");
  // As an object leaves it that ends before it has disconnected anything.
  world.vault.journal.erasure.put("owner", { since: world.clock.now(), actor: "ana" });
  world.vault.wakeBy(world.clock.now() + 60_000);
  world.endLife("crash");
  await world.advance(10 * 60_000);
  expect((await loadRows(world.vault)).get(row.id)?.status).not.toBe("active");
  await world.advance(60 * 60_000);
  expect(world.vault.journal.erasure.get("owner")).toBeUndefined();
  void new OwnerOf(world).connect();
  await world.advance(60 * 60_000);
  expect([...(await loadRows(world.vault)).values()].map(({ status }) => status)).toContain("active");
});

test("a round of revocations ends after twenty seconds, however many are due, and the alarm goes on with the rest", async () => {
  const { world, row } = await connected("alarm-revoke");
  const rows = await loadRows(world.vault);
  const provider = world.vault.provider("microsoft");
  let asked = 0;
  const slow = {
    ...world.vault,
    provider: () => ({ ...provider, revocation: { reach: "account", shares: ["microsoft"] } as const }),
    async isShared() {
      asked += 1;
      await world.clock.after(10_000).done;
      return false;
    },
  };
  const pending = { sealed: "v1.gone.a.b", hint: "refresh_token", attempts: 0, erase: false } as const;
  for (let one = 0; one < 30; one += 1) {
    const id = ConnectionId.parse(`con_${String(one).padStart(24, "0")}`);
    rows.set(id, { ...row, id, status: "revoked", revocation: pending, revocationDueAt: 1 });
  }
  let left: number | undefined;
  void revokeDue(slow).then((count) => (left = count));
  await world.advance(30_000);
  expect(asked).toBe(2);
  // Those that were judged had no address to be told at.
  expect(left).toBe(28);
});
