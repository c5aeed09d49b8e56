import { expect, test } from "vitest";
import { Lane } from "../faults/lane.ts";
import { OwnerOf } from "../faults/owner.ts";
import { World } from "../faults/world.ts";
import { disconnect } from "../../src/connections/disconnect.ts";
import { loadRows } from "../../src/connections/rows.ts";
import { use } from "../../src/connections/use.ts";
import type { Outbound, Sender } from "../../src/lib/http.ts";

const HOUR_MS = 3_600_000;
let worlds = 0;

/** A world whose owner is connected, at a provider that ends a grant whose old refresh token is shown, and whose token is stale. */
async function stale(person: string): Promise<World> {
  worlds += 1;
  const world = await World.open(new Lane(`late${worlds}`), person, { rotation: "family", random: () => 0.5 });
  void new OwnerOf(world).connect();
  await world.advance(60_000);
  await world.advance(2 * HOUR_MS);
  return world;
}

/** Begins a refresh whose answer takes nine seconds. */
async function slowRefresh(world: World): Promise<void> {
  world.weather.trips = [{ there: 5, back: 9_000 }];
  void use(world.vault, { provider: "microsoft", resource: "graph" }).catch(() => {});
  await world.advance(100);
}

test("a sign-in that lends the refresh token to a new grant does not lose the one that a refresh brings meanwhile", async () => {
  const world = await stale("late-lent");
  const { sender } = world.vault;
  world.vault = { ...world.vault, sender: withoutRefreshToken(sender) };
  await slowRefresh(world);
  void new OwnerOf(world).connect();
  await world.advance(30_000);
  await world.advance(2 * HOUR_MS);
  let outcome: unknown;
  void use(world.vault, { provider: "microsoft", resource: "graph" }).then(
    (grant) => (outcome = grant.expiresAt !== null),
    (error: unknown) => (outcome = error),
  );
  await world.advance(30_000);
  expect(outcome).toBe(true);
});

test("what a refresh brings after a disconnect is taken back as well", async () => {
  const world = await stale("late-gone");
  const shown: string[] = [];
  const provider = world.vault.provider("microsoft");
  const revocable = {
    ...provider,
    endpoints: { ...provider.endpoints, revocation: "https://late.test/revoke" },
    revocation: { reach: "token", shares: [] } as const,
  };
  let brought = "";
  const { sender } = world.vault;
  const listening: Sender = {
    async send(outbound) {
      if (outbound.label.endsWith("revoke")) {
        shown.push(new URLSearchParams(await bodyOf(outbound)).get("token") ?? "");
        return { status: 200, headers: new Headers(), text: "", retryAfterS: undefined, tries: 1 };
      }
      const answer = await sender.send(outbound);
      if (outbound.label.endsWith("refresh_token"))
        brought = (JSON.parse(answer.text) as { refresh_token: string }).refresh_token;
      return answer;
    },
  };
  world.vault = { ...world.vault, sender: listening, provider: () => revocable };
  await slowRefresh(world);
  const [id] = (await loadRows(world.vault)).keys();
  if (!id) throw new Error("not connected");
  void disconnect(world.vault, { id, actor: "test" });
  await world.advance(30_000);
  expect(brought).not.toBe("");
  expect(shown.at(-1)).toBe(brought);
  expect((await loadRows(world.vault)).get(id)).toMatchObject({
    status: "revoked",
    revocation: null,
    refreshToken: null,
  });
});

function withoutRefreshToken(sender: Sender): Sender {
  return {
    async send(outbound) {
      const answer = await sender.send(outbound);
      if (!outbound.label.endsWith("authorization_code")) return answer;
      const { refresh_token: _kept, ...rest } = JSON.parse(answer.text) as Record<string, unknown>;
      return { ...answer, text: JSON.stringify(rest) };
    },
  };
}

async function bodyOf({ body }: Outbound): Promise<string> {
  return typeof body === "function" ? body() : (body ?? "");
}
