import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { tenantRows } from "../../src/db/tenants.ts";
import { applicationOf } from "../../src/directory/connect/credential.ts";
import { resealTenant } from "../../src/directory/connect/reseal.ts";
import { reseal } from "../../src/jobs/reseal.ts";
import { type House, openHouse, openSystem } from "../../src/system.ts";
import { CLIENT, inObject, makeTenant, rowOf, setUp } from "../directory/connecting.ts";

const NEW = "k2:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

const rotated = { TOKEN_ENCRYPTION_KEY: `${NEW},${env.TOKEN_ENCRYPTION_KEY}` };
const newest = { TOKEN_ENCRYPTION_KEY: NEW };
const rows = tenantRows(openDatabase(env.DB));

async function secretOf(org: string, house: House) {
  const row = await rows.find(org);
  if (!row) throw new Error("not connected");
  return (await applicationOf(house, row)).secrets[0];
}

test("a credential is sealed anew with the ring's first key, and the older key may go", async () => {
  const { tenant_id: id } = await makeTenant(501);
  await setUp("resealed", { tenant_id: id, ...CLIENT });
  expect(await inObject("resealed", resealTenant, rotated)).toBe("resealed");
  expect(await rowOf("resealed")).toMatchObject({ sealed_with: "k2", version: 2 });
  expect(await secretOf("resealed", openHouse({ ...env, ...newest }))).toBe(CLIENT.client_secret);
  expect(await inObject("resealed", resealTenant, rotated)).toBe("current");
});

test("what no key of the ring opens is said to be lost, and left as it is", async () => {
  const { tenant_id: id } = await makeTenant(502);
  await setUp("lost", { tenant_id: id, ...CLIENT });
  const before = await rowOf("lost");
  expect(await inObject("lost", resealTenant, newest)).toBe("lost");
  expect(await rowOf("lost")).toEqual(before);
});

test("the job finds tenants that an older key sealed, main's tick alone, and the operator sees how many are left", async () => {
  const { tenant_id: id } = await makeTenant(503);
  await setUp("found", { tenant_id: id, ...CLIENT });
  await inObject("found", resealTenant, rotated);
  // The environment of the objects in this test has the older key first.
  const main = openSystem(openHouse(env), "main");
  expect(await main.upkeep.sealCounts()).toContainEqual({ key: "k2", rows: 2 });
  expect(await openSystem(openHouse(env), "beta").upkeep.sealCounts()).toEqual([]);
  expect(await reseal(openSystem(openHouse(env), "beta"), Date.now())).toMatchObject({ found: 0 });
  // Those two cannot be opened by the objects, which do not know the newer key.
  expect(await reseal(main, Date.now())).toMatchObject({ found: 2, lost: 2 });
});
