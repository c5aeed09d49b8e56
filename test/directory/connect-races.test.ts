import { expect, test } from "vitest";
import { type Connection, openConnection } from "../../src/directory/connect/connection.ts";
import { disconnect } from "../../src/directory/connect/disconnect.ts";
import { setUp } from "../../src/directory/connect/setup.ts";
import { statusOf } from "../../src/directory/connect/status.ts";
import { attempt } from "../../src/lib/errors.ts";
import { sandbox } from "../support.ts";
import { CLIENT, inObject, makeTenant, rowOf } from "./connecting.ts";

const { client_id: clientId, client_secret: secret } = CLIENT;
const applicant = (tenant: string) => ({ source: "body", tenant, clientId, secret, certificate: undefined }) as const;
const AVAILABLE = { status: "available" };
const NOT_CONNECTED = { code: "not_connected" };

/** The same connection over rows of which one method waits until it is let go on. */
function heldUp(connection: Connection, method: "find" | "replace" | "insert") {
  const reached = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const { rows } = connection;
  const slow = async () => {
    reached.resolve(undefined);
    await gate.promise;
  };
  let waits = false;
  const again = openConnection({
    ...connection,
    rows: {
      ...rows,
      find: async (org) => {
        const row = await rows.find(org);
        if (waits && method === "find") await slow();
        return row;
      },
      insert: async (row) => {
        const added = await rows.insert(row);
        if (waits && method === "insert") await slow();
        return added;
      },
      replace: async (row, expected) => {
        if (waits && method === "replace") await slow();
        return rows.replace(row, expected);
      },
    },
  });
  return { again, reached: reached.promise, from: () => (waits = true), goOn: () => gate.resolve(undefined) };
}

test("a status that is written while the tenant is disconnected brings nothing back", async () => {
  const { tenant_id: id } = await makeTenant(701);
  await inObject("race-status", async (connection, time) => {
    const { again, reached, from, goOn } = heldUp(connection, "replace");
    await setUp(again, { applicant: applicant(id), actor: "ana" });
    from();
    const entra_error = { error: "invalid_client", code: 7000222, status: 401 };
    await sandbox("POST", "faults", { path: "/*/oauth2/v2.0/token", times: 1, entra_error });
    time.now += 3 * 3_600_000;
    const refused = attempt(() => again.tokens.token());
    await reached;
    await disconnect(again);
    goOn();
    expect(await refused).toMatchObject({ failure: { code: "provider_misconfigured" } });
    expect(await rowOf("race-status")).toBeNull();
    await expect(again.tokens.token()).rejects.toMatchObject(NOT_CONNECTED);
  });
});

test("a row that was read before a disconnect is not believed after it", async () => {
  const { tenant_id: id } = await makeTenant(702);
  await inObject("race-read", async (connection) => {
    await setUp(connection, { applicant: applicant(id), actor: "ana" });
    for (const ask of [(one: Connection) => one.tokens.token(), (one: Connection) => one.tenantId()]) {
      connection.sql.run("DELETE FROM state");
      const { again, reached, from, goOn } = heldUp(connection, "find");
      from();
      const asked = attempt<unknown>(() => ask(again));
      await reached;
      again.hold(undefined);
      goOn();
      expect(await asked).toMatchObject({ failure: NOT_CONNECTED });
      expect(connection.sql.all("SELECT name FROM state")).toEqual([]);
    }
  });
});

test("a set-up that a disconnect overtakes does not bring the credential back", async () => {
  const { tenant_id: id } = await makeTenant(703);
  await inObject("race-setup", async (connection) => {
    await setUp(connection, { applicant: applicant(id), actor: "ana" });
    const { again, reached, from, goOn } = heldUp(connection, "replace");
    from();
    const late = attempt(() => setUp(again, { applicant: applicant(id), actor: "ana" }));
    await reached;
    await disconnect(again);
    goOn();
    expect(await late).toMatchObject({ failure: { code: "conflict" } });
    expect(await rowOf("race-setup")).toBeNull();
  });
});

test("of two set-ups at once the one that comes second leaves the copy of the first as it is", async () => {
  const { tenant_id: id } = await makeTenant(704);
  await inObject("race-twice", async (connection) => {
    const { again, reached, from, goOn } = heldUp(connection, "find");
    from();
    const second = attempt(() => setUp(again, { applicant: applicant(id), actor: "eve" }));
    await reached;
    await setUp(connection, { applicant: applicant(id), actor: "ana" });
    connection.sql.run("INSERT INTO nodes (id, type) VALUES ('copied', 1)");
    goOn();
    expect(await second).toMatchObject({ failure: { code: "conflict" } });
    expect(connection.sql.all("SELECT id FROM nodes")).toEqual([{ id: "copied" }]);
    expect(await rowOf("race-twice")).toMatchObject({ connected_by: "ana" });
    expect(await statusOf(connection)).toMatchObject({ connected: true, capabilities: { users: AVAILABLE } });
  });
});

test("a set-up whose row a disconnect has removed again does not say that it is connected", async () => {
  const { tenant_id: id } = await makeTenant(705);
  await inObject("race-late", async (connection) => {
    const { again, reached, from, goOn } = heldUp(connection, "insert");
    from();
    const late = attempt(() => setUp(again, { applicant: applicant(id), actor: "ana" }));
    await reached;
    await disconnect(again);
    goOn();
    expect(await late).toMatchObject({ failure: { code: "conflict" } });
    expect(connection.sql.all("SELECT name FROM state")).toEqual([]);
    await expect(again.tenantId()).rejects.toMatchObject(NOT_CONNECTED);
  });
});
