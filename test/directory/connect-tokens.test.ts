import { expect, test } from "vitest";
import type { Connection } from "../../src/directory/connect/connection.ts";
import { disconnect } from "../../src/directory/connect/disconnect.ts";
import { setUp } from "../../src/directory/connect/setup.ts";
import { statusOf } from "../../src/directory/connect/status.ts";
import { attempt } from "../../src/lib/errors.ts";
import { received, sandbox } from "../support.ts";
import { CLIENT, inObject, makeTenant, rowOf } from "./connecting.ts";

const MINUTE_MS = 60_000;

/** Connects a tenant in it and gives how often a token of that tenant was asked for since then. */
async function connected(connection: Connection, tenant: string): Promise<() => Promise<number>> {
  const { client_id: clientId, client_secret: secret } = CLIENT;
  await setUp(connection, {
    applicant: { source: "body", tenant, clientId, secret, certificate: undefined },
    actor: "ana",
  });
  const asked = async () => (await received(`/${tenant}/oauth2/v2.0/token`)).length;
  const before = await asked();
  return async () => (await asked()) - before;
}

test("a token serves until five minutes before its end; then one is asked for, whoever waits for it", async () => {
  const { tenant_id: id } = await makeTenant(201);
  await sandbox("POST", "settings", { expires_in: 3_600 });
  await inObject("tokens", async (connection, time) => {
    const asked = await connected(connection, id);
    const first = await connection.tokens.token();
    time.now += 54 * MINUTE_MS;
    expect(await connection.tokens.token()).toEqual(first);
    expect(await asked()).toBe(0);
    time.now += 2 * MINUTE_MS;
    const many = await Promise.all(Array.from({ length: 20 }, () => connection.tokens.token()));
    expect(new Set(many.map(({ ticket }) => ticket)).size).toBe(1);
    expect(many[0]?.ticket).not.toBe(first.ticket);
    expect(await asked()).toBe(1);
  });
});

test("a token that Graph refused is not given again; a refusal of an older one changes nothing", async () => {
  const { tenant_id: id } = await makeTenant(202);
  await inObject("refused", async (connection) => {
    const asked = await connected(connection, id);
    const first = await connection.tokens.token();
    connection.tokens.refused(first.ticket);
    const second = await connection.tokens.token();
    expect(second.accessToken).not.toBe(first.accessToken);
    connection.tokens.refused(first.ticket);
    expect(await connection.tokens.token()).toEqual(second);
    expect(await asked()).toBe(1);
  });
});

test("while Entra is down the token that still lives serves; then the outage is told for what it is", async () => {
  const { tenant_id: id } = await makeTenant(203);
  await sandbox("POST", "settings", { expires_in: 3_600 });
  await inObject("outage", async (connection, time) => {
    await connected(connection, id);
    const first = await connection.tokens.token();
    await sandbox("POST", "faults", { path: "/*/oauth2/v2.0/token", status: 503, times: 100 });
    time.now += 57 * MINUTE_MS;
    expect(await connection.tokens.token()).toEqual(first);
    time.now += 4 * MINUTE_MS;
    await expect(connection.tokens.token()).rejects.toMatchObject({ code: "provider_unavailable" });
    await sandbox("DELETE", "faults");
    // Nothing was said against the credential.
    expect(await statusOf(connection)).toMatchObject({ credential: { status: "active" } });
  });
});

test("a credential that Entra refuses is told in the status with its code, is not shown in a loop, and counts again once it is taken", async () => {
  const { tenant_id: id } = await makeTenant(204);
  await inObject("expired", async (connection, time) => {
    const asked = await connected(connection, id);
    const fault = {
      path: "/*/oauth2/v2.0/token",
      times: 100,
      entra_error: { error: "invalid_client", code: 7000222, status: 401 },
    };
    await sandbox("POST", "faults", fault);
    time.now += 3 * 60 * MINUTE_MS;
    const answers = await Promise.all([1, 2, 3].map(() => attempt(() => connection.tokens.token())));
    for (const answer of answers)
      expect(answer).toMatchObject({
        ok: false,
        failure: {
          code: "provider_misconfigured",
          extra: { provider_code: "AADSTS7000222", reason: "client_secret_expired" },
        },
      });
    await expect(connection.tokens.token()).rejects.toMatchObject({ code: "provider_misconfigured" });
    expect(await asked()).toBe(1);
    expect(await statusOf(connection)).toMatchObject({
      connected: true,
      credential: { status: "refused", status_code: "AADSTS7000222", status_reason: "client_secret_expired" },
    });
    await sandbox("DELETE", "faults");
    time.now += 2 * MINUTE_MS;
    await connection.tokens.token();
    expect((await rowOf("expired"))?.["status"]).toBe("active");
    const { credential } = (await statusOf(connection)) as { credential: object };
    expect(credential).not.toHaveProperty("status_code");
  });
});

test("without a connection there is no token, nor after a disconnect, whatever was on its way", async () => {
  const { tenant_id: id } = await makeTenant(205);
  await inObject("gone", async (connection, time) => {
    await expect(connection.tokens.token()).rejects.toMatchObject({ code: "not_connected" });
    await connected(connection, id);
    time.now += 3 * 60 * MINUTE_MS;
    const onItsWay = connection.tokens.token();
    await disconnect(connection);
    await onItsWay;
    expect(await rowOf("gone")).toBeNull();
    await expect(connection.tokens.token()).rejects.toMatchObject({
      code: "not_connected",
      extra: { authorize_path: "/v1/microsoft/setup" },
    });
  });
});

test("an object that has lost its memory finds its tenant and its token by its row", async () => {
  const { tenant_id: id } = await makeTenant(206);
  await inObject("woken", async (connection) => {
    await connected(connection, id);
    connection.sql.run("DELETE FROM state");
  });
  await inObject("woken", async (connection) => {
    expect(await connection.tenantId()).toBe(id);
    const [one, other] = await Promise.all([connection.tokens.token(), connection.tokens.token()]);
    expect(one).toEqual(other);
  });
});
