import { expect, test } from "vitest";
import {
  type Capability,
  capabilityFrom,
  knownCapabilities,
  noteMembers,
  shownCapabilities,
  writeCapabilities,
  writeCapability,
} from "../../src/directory/connect/capabilities.ts";
import { setUp, CLIENT, inObject, makeTenant, statusOf } from "./connecting.ts";

test("what a run found missing is shown by the status with the page where it is given", async () => {
  const { tenant_id: id } = await makeTenant(671);
  await setUp("found-missing", { tenant_id: id, ...CLIENT });
  await inObject("found-missing", async ({ sql }) => {
    writeCapability(sql, "alerts", capabilityFrom("alerts", { status: 403, code: "Forbidden", granted: [] }));
    await Promise.resolve();
  });
  const url = `https://login.microsoftonline.com/${id}/adminconsent?client_id=${CLIENT.client_id}`;
  expect(await statusOf("found-missing")).toMatchObject({
    capabilities: { alerts: { status: "permission_missing", admin_consent_url: url } },
    admin_consent_url: url,
  });
});

test("a permission that a run found missing is shown with the page where it is given, and stored without it", async () => {
  await inObject("noted", async ({ sql }) => {
    writeCapability(sql, "alerts", capabilityFrom("alerts", { status: 403, code: "Forbidden", granted: [] }));
    writeCapability(sql, "users", { status: "available" });
    expect(JSON.stringify(knownCapabilities(sql))).not.toContain("https:");
    expect(shownCapabilities(knownCapabilities(sql), "https://consent")).toEqual({
      alerts: {
        status: "permission_missing",
        permissions: ["SecurityAlert.Read.All"],
        provider_code: "Forbidden",
        admin_consent_url: "https://consent",
      },
      users: { status: "available" },
    });
    await Promise.resolve();
  });
});

test("members that were refused are available once groups were read with them", async () => {
  await inObject("healed", async ({ sql }) => {
    const missing: Capability = { status: "permission_missing", permissions: ["GroupMember.Read.All"] };
    writeCapabilities(sql, { groups: { status: "available" }, members: missing, alerts: missing });
    noteMembers(sql);
    expect(knownCapabilities(sql)).toEqual({
      groups: { status: "available" },
      members: { status: "available" },
      alerts: missing,
    });
    await Promise.resolve();
  });
});
