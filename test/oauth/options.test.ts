import { expect, test } from "vitest";
import { BASES } from "../routes/security.ts";
import { call, ORIGIN, workerWith } from "../support.ts";
import { connectWith, MANAGER, somebody } from "./manager.ts";

const ONE = "/integrations/con_000000000000000000000000";
const READ = "GET, HEAD, OPTIONS";

const PATHS = [
  ["/providers", READ],
  ["/authorize", "OPTIONS, POST"],
  ["/callback/google", "GET, OPTIONS"],
  ["/integrations", "DELETE, GET, HEAD, OPTIONS"],
  ["/integrations/sync", "OPTIONS, POST"],
  [ONE, "DELETE, GET, HEAD, OPTIONS"],
  [`${ONE}/`, "DELETE, GET, HEAD, OPTIONS"],
  [`${ONE}/refresh`, "OPTIONS, POST"],
  [`${ONE}/token`, "GET, OPTIONS"],
  [`${ONE}/proxy/v1.0/me`, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"],
  ["/status", READ],
  ["/audit", READ],
  ["/audit/verify", READ],
  ["/consents", READ],
  ["/analytics", READ],
  ["/events", READ],
  ["/events/evt_1/redeliver", "OPTIONS, POST"],
] as const;

for (const base of BASES)
  test.each(PATHS)(`OPTIONS ${base}/oauth%s says %s, whether or not other origins may call`, async (path, allow) => {
    for (const origins of ["", "https://app.test", "*"]) {
      const url = `${ORIGIN}${base}/oauth${path}`;
      const answer = await workerWith({ CORS_ORIGINS: origins })(new Request(url, { method: "OPTIONS" }));
      expect(answer.status).toBe(204);
      expect(answer.headers.get("Allow")).toBe(allow);
      expect(answer.headers.get("X-Request-Id")).not.toBeNull();
    }
  });

test("a preflight is still answered as one, and a path that is not there has no methods", async () => {
  const headers = { Origin: "https://app.test", "Access-Control-Request-Method": "DELETE" };
  const asked = await call(`${MANAGER}${ONE}`, undefined, { method: "OPTIONS", headers });
  expect(asked.status).toBe(204);
  expect(asked.headers.get("Access-Control-Allow-Origin")).toBe("https://app.test");
  expect(asked.headers.get("Access-Control-Allow-Methods")).toContain("DELETE");
  expect((await call(`${MANAGER}/nothing`, undefined, { method: "OPTIONS" })).status).toBe(404);
});

test("a HEAD says what a GET would, without a body", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  for (const path of ["/providers", "/integrations", `/integrations/${id}`, "/status"]) {
    const head = await call(MANAGER + path, who, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("Content-Type")).toContain("application/json");
    expect(await head.text()).toBe("");
  }
  expect((await call(`${MANAGER}${ONE}`, who, { method: "HEAD" })).status).toBe(404);
});
