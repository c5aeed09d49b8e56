import { expect, test } from "vitest";
import { readRefusal, readTokens } from "../../src/connections/token-answer.ts";
import { sealAnswer } from "../../src/connections/tokens.ts";
import { newConnectionId } from "../../src/lib/ids.ts";
import { Lane } from "../faults/lane.ts";
import { World } from "../faults/world.ts";
import { comeBack } from "../routes/flow.ts";
import { problemOf } from "../routes/security.ts";
import { authorize, somebody, trailOf } from "../oauth/manager.ts";

test("a scope that is called like a member of every object is a scope like any other", async () => {
  const { vault } = await World.open(new Lane("odd"), "odd", { rotation: "keep", random: () => 0.5 });
  const provider = vault.provider("microsoft");
  const holder = { id: newConnectionId(), scopes: [], refreshToken: null, refreshTokenAt: null, accessTokens: {} };
  const tokens = readTokens({ access_token: "a", scope: "constructor User.Read" });
  if (!tokens) throw new Error("no tokens");
  const answer = { provider, resource: "graph", asked: [], tokens };
  const { scopes } = await sealAnswer(vault, { ...holder, grantExpiresAt: null, withheld: null }, answer);
  expect(scopes).toEqual(["https://graph.microsoft.com/constructor", "https://graph.microsoft.com/User.Read"]);
});

test.each([{ error: "e".repeat(5_000) }, { code: "e".repeat(5_000) }])("the name of an error is kept short", (body) => {
  expect(readRefusal(body, 400).error).toBe("e".repeat(128));
});

test("what a browser brings as an error cannot fill the trail", async () => {
  const who = somebody();
  const url = await authorize(who, { provider: "notion" });
  const state = url.searchParams.get("state") ?? "";
  const query = new URLSearchParams({ error: "x".repeat(5_000), state });
  const answer = await problemOf(await comeBack(`/api/v1/oauth/callback/notion?${query.toString()}`, who.sub));
  expect(answer).toMatchObject({ provider_code: "x".repeat(128) });
  expect(JSON.stringify(await trailOf(who)).length).toBeLessThan(5_000);
});
