import { expect, test } from "vitest";
import { Lane } from "../faults/lane.ts";
import { OwnerOf } from "../faults/owner.ts";
import { World } from "../faults/world.ts";
import { disconnect } from "../../src/connections/disconnect.ts";
import { loadRows } from "../../src/connections/rows.ts";
import type { Answer, Sender } from "../../src/lib/http.ts";

const REVOKED: Answer = { status: 200, headers: new Headers(), text: "", retryAfterS: undefined, tries: 1 };
let worlds = 0;

/** A connected owner at a provider that takes revocations, and the order in which it hears and answers. */
async function connected(person: string, { revokesMs = 0, sharedMs = 0, redeemsMs = 0 }) {
  worlds += 1;
  const world = await World.open(new Lane(`revoke${worlds}`), person, { rotation: "rotate", random: () => 0.5 });
  const owner = new OwnerOf(world);
  const order: string[] = [];
  const { sender, clock } = world.vault;
  const provider = world.vault.provider("microsoft");
  const heard: Sender = {
    async send(outbound) {
      const { label } = outbound;
      order.push(label);
      if (label.endsWith("authorization_code")) await clock.after(redeemsMs).done;
      if (!label.endsWith("revoke")) return sender.send(outbound);
      await clock.after(revokesMs).done;
      order.push("revoked");
      return REVOKED;
    },
  };
  world.vault = {
    ...world.vault,
    sender: heard,
    provider: () => ({
      ...provider,
      endpoints: { ...provider.endpoints, revocation: "https://revoke.test/revoke" },
      revocation: { reach: "account", shares: ["microsoft"] },
    }),
    async isShared() {
      await clock.after(sharedMs).done;
      return false;
    },
  };
  void owner.connect();
  await world.advance(60_000);
  const [id] = (await loadRows(world.vault)).keys();
  if (!id) throw new Error("not connected");
  order.length = 0;
  const leave = async () => {
    void disconnect(world.vault, { id, actor: "test" });
    await world.advance(100);
  };
  return { world, owner, order, id, leave };
}

test("a sign-in waits for a revocation that is under way: it would end the new grant as well", async () => {
  const { world, owner, order, id, leave } = await connected("revoke-slow", { revokesMs: 6_000 });
  await leave();
  void owner.connect();
  await world.advance(60_000);
  expect(order.filter((label) => label.includes("revoke") || label.includes("token"))).toEqual([
    "microsoft revoke",
    "revoked",
    "microsoft token authorization_code",
  ]);
  expect((await loadRows(world.vault)).get(id)?.status).toBe("active");
});

test("a revocation that had to wait is not sent when the account was connected again meanwhile", async () => {
  const { world, owner, order, id, leave } = await connected("revoke-late", { sharedMs: 40_000 });
  await leave();
  void owner.connect();
  await world.advance(60_000);
  expect((await loadRows(world.vault)).get(id)?.status).toBe("active");
  expect(order).not.toContain("microsoft revoke");
});

test("nothing is revoked while a sign-in at the same provider is under way", async () => {
  const { world, owner, order, id, leave } = await connected("revoke-while", { redeemsMs: 9_000 });
  void owner.connect();
  await world.advance(2_000);
  await leave();
  await world.advance(5_000);
  expect(order).toContain("microsoft token authorization_code");
  expect(order).not.toContain("microsoft revoke");
  await world.advance(10 * 60_000);
  expect((await loadRows(world.vault)).get(id)?.status).toBe("active");
  expect(order).not.toContain("microsoft revoke");
});
