import { expect, it } from "vitest";
import { listRequests, LOG_SIZE, logRequest } from "./request-log.ts";
import { memoryStore } from "./store.ts";

it("keeps the latest 5,000 requests in the order in which they came", () => {
  const store = memoryStore();
  const time = "2026-11-21T09:00:00.000Z";
  for (let i = 1; i <= LOG_SIZE + 3; i++) {
    const entry = {
      method: "GET",
      host: "h",
      path: `/${i}`,
      query: {},
      headers: {},
      at: time,
      done_at: time,
      status: 200,
    };
    logRequest(store, entry);
  }
  const kept = listRequests(store, {});
  expect(kept).toHaveLength(5000);
  expect([kept.at(0)?.path, kept.at(-1)?.path]).toEqual(["/4", "/5003"]);
});
