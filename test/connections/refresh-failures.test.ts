import { afterEach, expect, test } from "vitest";
import { trailOf } from "../oauth/manager.ts";
import { sandbox } from "../support.ts";
import { ageTokens, connected, useGraph } from "./keeper.ts";

const TOKEN = { path: "/common/oauth2/v2.0/token", grant_type: "refresh_token" };

afterEach(async () => {
  await sandbox("DELETE", "faults");
});

test.each([
  ["provider_unavailable", { status: 503 }],
  ["provider_throttled", { status: 429, retry_after: 30 }],
  ["reauth_required", { entra_error: { error: "invalid_grant", code: 50173 } }],
])("a refresh that failed with %s is in the trail, once", async (code, fault) => {
  const who = { sub: `failed-${code}` };
  const id = await connected(who);
  await ageTokens(who.sub, id, Date.now() - 60_000);
  await sandbox("POST", "faults", { ...TOKEN, ...fault });
  expect((await useGraph(who.sub)).result).toMatchObject({ ok: false, failure: { code } });
  // The provider is left alone for a while: what is not asked cannot fail.
  await useGraph(who.sub);
  expect(await trailOf(who, "refresh")).toMatchObject([{ outcome: "failed", code, connection: id, actor: "latchkey" }]);
});
