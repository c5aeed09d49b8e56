import { expect, test } from "vitest";
import { call, connect } from "../support.ts";

test("a user who signs in is connected, and the profile is the provider's", async () => {
  const answer = await connect({ sub: "smoke" });
  const body = await answer.json<{ connection: { id: string; status: string } }>();
  expect(answer.status).toBe(200);
  expect(body.connection.status).toBe("active");
  const profile = await call("/api/v1/auth/microsoft/user", { sub: "smoke" });
  expect(profile.headers.get("RateLimit-Policy")).toBe('"profile";q=100;w=60');
  expect(await profile.json()).toMatchObject({ mail: "ana@contoso.example" });
});
