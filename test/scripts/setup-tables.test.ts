import { expect, test } from "vitest";
import { CLOUDS } from "../../scripts/setup/clouds.mjs";
import { RESOURCES } from "../../scripts/setup/probe.mjs";
import { type Resource, RESOURCES as WORKERS_RESOURCES } from "../../src/directory/resources.ts";
import { CLOUDS as WORKERS_CLOUDS } from "../../src/providers/microsoft-base.ts";

test("the guide knows the Worker's clouds, resources and permissions", () => {
  expect(CLOUDS).toEqual(WORKERS_CLOUDS);
  const workers = Object.entries<Resource>(WORKERS_RESOURCES).map(([name, { permissions, wider }]) => {
    return [name, { all: [...permissions], wider: [...wider] }] as const;
  });
  const own = Object.entries(RESOURCES).map(([name, { all, wider }]) => [name, { all: [...all], wider: [...wider] }]);
  expect(Object.fromEntries(own)).toEqual(Object.fromEntries(workers));
});
