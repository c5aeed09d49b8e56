import { expect, test } from "vitest";
import { changeResource } from "../../src/directory/store/state.ts";
import { ask, idsOf } from "./reading.ts";
import { inDirectory, write } from "./writing.ts";

const member = (kind: string, id: string) => ({ "@odata.type": `#microsoft.graph.${kind}`, id });
const group = {
  id: "g1",
  displayName: "Ops",
  groupTypes: [],
  securityEnabled: true,
  "members@delta": [
    member("user", "u1"),
    member("user", "u2"),
    member("servicePrincipal", "sp1"),
    member("device", "d1"),
  ],
};

test("a member that is named before it arrives waits for it; what has no list of its own shows by its id", () =>
  inDirectory((sql) => {
    for (const name of ["users", "groups", "devices"] as const) changeResource(sql, name, { history_from: 1 });
    write(sql, "groups", [group]);
    expect(idsOf(ask(sql, "groups/g1/members?sort=name").rows)).toEqual(["sp1"]);
    expect(ask(sql, "groups/g1/members?count=true").count).toBe(1);
    write(sql, "users", [{ id: "u2", displayName: "Bo", userPrincipalName: "bo@contoso.example" }]);
    expect(idsOf(ask(sql, "groups/g1/members").rows).toSorted()).toEqual(["sp1", "u2"]);
    expect(ask(sql, "groups/g1/members?transitive=true").rows).toHaveLength(2);
  }));

test("where a tenant does not let users be read, its members show by their ids", () =>
  inDirectory((sql) => {
    changeResource(sql, "groups", { history_from: 1 });
    write(sql, "groups", [group]);
    expect(idsOf(ask(sql, "groups/g1/members").rows).toSorted()).toEqual(["d1", "sp1", "u1", "u2"]);
  }));

test("a device that Intune alone still knows is nobody's member", () =>
  inDirectory((sql) => {
    for (const name of ["users", "groups", "devices"] as const) changeResource(sql, name, { history_from: 1 });
    const registration = "0f9a4c1d-2222-4333-8444-5555666677aa";
    write(sql, "devices", [{ id: "d1", deviceId: registration, displayName: "laptop" }]);
    write(sql, "managed_devices", [{ id: "m1", azureADDeviceId: registration, deviceName: "laptop" }]);
    write(sql, "groups", [group]);
    expect(idsOf(ask(sql, "groups/g1/members").rows).toSorted()).toEqual(["d1", "sp1"]);
    sql.run("UPDATE devices SET entra_id = NULL");
    expect(idsOf(ask(sql, "groups/g1/members").rows)).toEqual(["sp1"]);
  }));
