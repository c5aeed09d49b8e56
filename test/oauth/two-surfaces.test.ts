import { afterEach, expect, test } from "vitest";
import { comeBack } from "../routes/flow.ts";
import { problemOf } from "../routes/security.ts";
import { call, signIn } from "../support.ts";
import { authorize, forgetHeard, heard, resetSandbox, somebody, trailOf } from "./manager.ts";

afterEach(resetSandbox);

const MANAGER = "/api/v1/oauth/callback/microsoft";
const SIGN_IN = "/api/v1/auth/microsoft/callback";

async function begunAt(surface: string, who: { sub: string }): Promise<URL> {
  if (surface === MANAGER) return authorize(who, { provider: "microsoft" });
  const answer = await call("/api/v1/auth/microsoft/", who);
  return new URL((await answer.json<{ authorization_url: string }>()).authorization_url);
}

test.each([
  [MANAGER, SIGN_IN],
  [SIGN_IN, MANAGER],
])("a sign-in that comes back to %s cannot be finished at %s, and is as good as before", async (own, other) => {
  const who = somebody();
  const back = await signIn((await begunAt(own, who)).toString(), "ana");
  expect(new URL(back).pathname).toBe(own);
  await forgetHeard();
  const refused = await comeBack(back.replace(own, other), who.sub);
  expect(await problemOf(refused)).toMatchObject({ status: 400, code: "state_invalid" });
  expect(await heard("login.microsoftonline.com", "/common/oauth2/v2.0/token")).toEqual([]);
  expect((await comeBack(back, who.sub)).status).toBe(200);
});

test("an operator's look at everybody's tokens is in the operator's own trail", async () => {
  const operator = somebody({ roles: ["operator"] });
  expect((await call("/api/v1/health/microsoft/tokens", operator)).status).toBe(200);
  expect(await trailOf({ sub: operator.sub }, "operator_read")).toMatchObject([
    { actor: operator.sub, detail: { what: "token_health", owner: "*" } },
  ]);
});
