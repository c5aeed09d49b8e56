import { expect, test } from "vitest";
import { limitFor } from "../../src/lib/limits.ts";

test.each([
  ["authorize", 10, 60],
  ["callback", 20, 3_600],
  ["profile", 100, 60],
  ["calendar", 100, 60],
  ["events_read", 200, 60],
  ["events_write", 50, 60],
  ["directory_read", 300, 60],
  ["directory_manage", 30, 60],
] as const)("%s lets %i requests through in %i s", (bucket, quota, seconds) => {
  expect(limitFor({ limits: {} }, bucket)).toEqual({ bucket, quota, windowMs: seconds * 1000 });
});
