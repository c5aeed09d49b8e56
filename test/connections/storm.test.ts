import { expect, test } from "vitest";
import { received, sandbox } from "../support.ts";
import { ageTokens, connected, useGraph } from "./keeper.ts";

async function refreshes(): Promise<number> {
  const requests = await received("/common/oauth2/v2.0/token");
  return requests.filter((request) => request.grant_type === "refresh_token").length;
}

for (const rotation of ["keep", "rotate", "family"]) {
  test(`500 callers of one stale connection cause one refresh, and nobody fails (refresh tokens: ${rotation})`, async () => {
    await sandbox("POST", "settings", { refresh_rotation: rotation });
    const owner = `storm-${rotation}`;
    const id = await connected({ sub: owner });
    for (let round = 0; round < 3; round += 1) {
      await ageTokens(owner, id, Date.now() - 1_000);
      const before = await refreshes();
      const answers = await Promise.all(Array.from({ length: 500 }, () => useGraph(owner)));
      const failed = answers.filter((answer) => answer.result?.ok !== true);
      const tokens = new Set(answers.map((answer) => (answer.result?.ok ? answer.result.value.accessToken : "")));
      expect(failed).toEqual([]);
      expect(tokens.size).toBe(1);
      expect((await refreshes()) - before).toBe(1);
    }
  });
}
