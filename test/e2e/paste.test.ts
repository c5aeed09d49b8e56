import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { requestOf } from "./paste.ts";
import { alive, familyOf } from "./processes.ts";

test("a printed command is understood without curl", async () => {
  const headers = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"';
  const request = requestOf(`curl -s ${headers} -d '{"subject":"a \\"b\\" c"}' http://localhost:1/x?a=b`, "abc");
  expect([request.method, request.url, Object.fromEntries(request.headers), await request.json()]).toEqual([
    "POST",
    "http://localhost:1/x?a=b",
    { authorization: "Bearer abc", "content-type": "application/json" },
    { subject: 'a "b" c' },
  ]);
  expect(requestOf('curl -s -H "Authorization: Bearer $TOKEN" http://localhost:1/x', "abc").method).toBe("GET");
});

test("a command that cannot be understood is not half sent", () => {
  expect(() => requestOf("curl --insecure http://localhost:1/x", "abc")).toThrow("--insecure");
  expect(() => requestOf("wget http://localhost:1/x", "abc")).toThrow("not curl");
});

test("a process and its child are a family, and are alive until they end", async () => {
  const child = spawn("sleep", ["60"]);
  const family = familyOf(process.pid);
  expect(family.map(({ pid }) => pid)).toEqual(expect.arrayContaining([process.pid, child.pid]));
  const [mine] = familyOf(child.pid ?? 0);
  expect(mine).toMatchObject({ pid: child.pid, parent: process.pid });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await ended;
  expect(alive(mine ? [mine] : [])).toEqual([]);
});
