import { expect, test } from "vitest";
import { addressOf, call, received, send, signIn } from "../support.ts";
import { authorize, connectWith, MANAGER } from "../oauth/manager.ts";
import { problemOf } from "../routes/security.ts";

const GOOGLE = { provider: "google" };

test.each(["https://evil.example", "https://accounts.google.com/", "accounts.google.com"])(
  "an answer that names %s as its issuer is not Google's",
  async (iss) => {
    const claims = { sub: `google-iss-${iss}` };
    const back = new URL(await signIn((await authorize(claims, GOOGLE)).toString(), "ana"));
    back.searchParams.set("iss", iss);
    const answer = await call(back.toString(), undefined, { headers: { "CF-Connecting-IP": addressOf(claims.sub) } });
    expect(await problemOf(answer)).toMatchObject({ status: 400, code: "state_invalid", reason: "issuer_mismatch" });
  },
);

test("an answer of Google's may name its issuer, and need not", async () => {
  for (const iss of ["https://accounts.google.com", undefined]) {
    const claims = { sub: `google-iss-${iss}` };
    const back = new URL(await signIn((await authorize(claims, GOOGLE)).toString(), "ana"));
    if (iss !== undefined) back.searchParams.set("iss", iss);
    const answer = await call(back.toString(), undefined, { headers: { "CF-Connecting-IP": addressOf(claims.sub) } });
    expect(answer.status).toBe(200);
  }
});

test("a sync asks Google's userinfo, at the address that Google publishes", async () => {
  const claims = { sub: "google-userinfo" };
  const id = await connectWith(claims, GOOGLE);
  const synced = await send("POST", `${MANAGER}/integrations/sync`, claims, {});
  expect(await synced.json()).toMatchObject({ results: [{ id, outcome: "ok" }] });
  expect((await received("/v1/userinfo")).at(-1)).toMatchObject({ status: 200 });
});
