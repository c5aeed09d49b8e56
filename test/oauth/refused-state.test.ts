import { expect, test } from "vitest";
import { profileOf } from "../../src/connections/connected-row.ts";
import { problemOf } from "../routes/security.ts";
import { comeBack } from "../routes/flow.ts";
import { signIn } from "../support.ts";
import { authorize, somebody, trailOf } from "./manager.ts";

test("a state that is used again is refused, and the owner's trail says so", async () => {
  const who = somebody();
  const back = await signIn((await authorize(who, { provider: "notion" })).toString(), "bo");
  expect((await comeBack(back, who.sub)).status).toBe(200);
  expect(await trailOf(who, "refuse")).toEqual([]);
  expect(await problemOf(await comeBack(back, who.sub))).toMatchObject({ code: "state_invalid" });
  expect(await trailOf(who, "refuse")).toMatchObject([
    { outcome: "failed", code: "state_invalid", actor: "nobody", detail: { why: "unknown, used or expired" } },
  ]);
});

test("of an identity is kept what fits a line, and a picture from the web alone", () => {
  const long = "x".repeat(300);
  const kept = profileOf({ account: "1", name: long, address: long, tenant: null, picture: "https://a.example/p" });
  expect(kept).toEqual({
    name: "x".repeat(256),
    address: "x".repeat(256),
    tenant: null,
    picture: "https://a.example/p",
  });
  for (const picture of [
    "javascript:alert(1)",
    "data:image/png;base64,AA",
    "http://a.example/p",
    "p",
    `https://a/${"x".repeat(2_100)}`,
  ])
    expect(profileOf({ account: "1", name: null, address: null, tenant: null, picture }).picture).toBeNull();
});
