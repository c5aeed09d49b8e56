import { expect, test } from "vitest";
import { call, received, sandbox, signIn } from "../support.ts";

test("a code is not spent while the provider's keys cannot be read", async () => {
  const started = await call("/api/v1/auth/microsoft/", { sub: "keys" });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  const callback = await signIn(url, "ana");
  await sandbox("POST", "faults", { path: "/common/v2.0/.well-known/*", status: 503, body: "{}", times: 5 });
  const answer = await call(callback);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "provider_unavailable" });
  expect(await received("/common/oauth2/v2.0/token")).toEqual([]);
  await sandbox("DELETE", "faults");
});
