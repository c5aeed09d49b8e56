import { expect, it } from "vitest";
import { basic, openNotion } from "./notion/driver.ts";

type Sandbox = ReturnType<typeof openNotion>;

async function isActive(sandbox: Sandbox, token: string): Promise<unknown> {
  return (await sandbox.oauth("introspect", { token })).body["active"];
}

it("replaces both tokens at once: the old pair is dead", async () => {
  const sandbox = openNotion();
  const first = await sandbox.signIn();
  const { status, body } = await sandbox.refresh(first.refresh_token);
  expect(status).toBe(200);
  expect(body).toMatchObject({ bot_id: first.bot_id, workspace_id: first["workspace_id"], owner: first["owner"] });
  expect(body["access_token"]).not.toBe(first.access_token);
  expect(body["refresh_token"]).not.toBe(first.refresh_token);
  expect(await isActive(sandbox, first.access_token)).toBe(false);
  const replay = await sandbox.refresh(first.refresh_token);
  expect([replay.status, replay.body["error"]]).toEqual([400, "invalid_grant"]);
  expect(await isActive(sandbox, String(body["access_token"]))).toBe(true);
});

it("lets one of two refreshes at the same time win", async () => {
  const sandbox = openNotion();
  const { refresh_token: token } = await sandbox.signIn();
  const both = await Promise.all([sandbox.refresh(token), sandbox.refresh(token)]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
});

it("keeps the old pair for a grace period when told to", async () => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { notion_rotation_grace_ms: 30_000 });
  const first = await sandbox.signIn();
  const { body: second } = await sandbox.refresh(first.refresh_token);
  expect((await sandbox.refresh(first.refresh_token)).status).toBe(200);
  expect(await isActive(sandbox, first.access_token)).toBe(true);
  await sandbox.control("/clock", { advance_ms: 30_000 });
  expect(await isActive(sandbox, first.access_token)).toBe(false);
  expect((await sandbox.refresh(first.refresh_token)).status).toBe(400);
  expect((await sandbox.refresh(second["refresh_token"])).status).toBe(200);
});

it("ends the whole connection for a replayed refresh token when told to", async () => {
  const sandbox = openNotion();
  await sandbox.control("/settings", { notion_replay: "revoke" });
  const first = await sandbox.signIn();
  const { body: second } = await sandbox.refresh(first.refresh_token);
  expect((await sandbox.refresh(first.refresh_token)).status).toBe(400);
  expect(await isActive(sandbox, String(second["access_token"]))).toBe(false);
  expect((await sandbox.refresh(second["refresh_token"])).status).toBe(400);
});

it("gives no refresh token when told to, and leaves the one before good", async () => {
  const sandbox = openNotion();
  const first = await sandbox.signIn();
  await sandbox.control("/settings", { notion_refresh_token: false });
  expect((await sandbox.signIn()).refresh_token).toBeNull();
  const { body } = await sandbox.refresh(first.refresh_token);
  expect(body["refresh_token"]).toBeNull();
  expect(await isActive(sandbox, first.access_token)).toBe(false);
  expect((await sandbox.refresh(first.refresh_token)).status).toBe(200);
  expect(await isActive(sandbox, String(body["access_token"]))).toBe(false);
});

it("refuses an access token, another integration's token and nonsense as a refresh token", async () => {
  const sandbox = openNotion();
  await sandbox.control("/notion/clients", { client_id: "other", secrets: ["s"] });
  const { access_token: access, refresh_token: token } = await sandbox.signIn();
  for (const wrong of [access, "nrt_nonsense"])
    expect((await sandbox.refresh(wrong)).body["error"]).toBe("invalid_grant");
  expect((await sandbox.refresh(undefined)).body["error"]).toBe("invalid_request");
  const fields = { grant_type: "refresh_token", refresh_token: token };
  const other = await sandbox.oauth("token", fields, { Authorization: basic("other", "s") });
  expect(other.body["error"]).toBe("invalid_grant");
  expect((await sandbox.refresh(token)).status).toBe(200);
});

it.each(["access_token", "refresh_token"] as const)("ends the connection when its %s is revoked", async (which) => {
  const sandbox = openNotion();
  const tokens = await sandbox.signIn();
  const { status, body } = await sandbox.oauth("revoke", { token: tokens[which] });
  expect([status, body]).toEqual([200, { request_id: expect.any(String) }]);
  expect(await isActive(sandbox, tokens.access_token)).toBe(false);
  expect((await sandbox.refresh(tokens.refresh_token)).body["error"]).toBe("invalid_grant");
});

it("revokes one connection of a person and not the other", async () => {
  const sandbox = openNotion();
  const [one, two] = [await sandbox.signIn(), await sandbox.signIn()];
  await sandbox.oauth("revoke", { token: one.access_token });
  expect(await isActive(sandbox, two.access_token)).toBe(true);
});

it("takes the revocation of an unknown token calmly, and refuses one without a token or a client", async () => {
  const sandbox = openNotion();
  expect((await sandbox.oauth("revoke", { token: "unknown" })).status).toBe(200);
  expect((await sandbox.oauth("revoke", {})).status).toBe(400);
  expect((await sandbox.oauth("revoke", { token: "x" }, { Authorization: "" })).status).toBe(401);
});

it("does not let another integration revoke or look into a token", async () => {
  const sandbox = openNotion();
  await sandbox.control("/notion/clients", { client_id: "other", secrets: ["s"] });
  const { access_token: token } = await sandbox.signIn();
  const headers = { Authorization: basic("other", "s") };
  expect((await sandbox.oauth("introspect", { token }, headers)).body["active"]).toBe(false);
  expect((await sandbox.oauth("revoke", { token }, headers)).status).toBe(200);
  expect(await isActive(sandbox, token)).toBe(true);
});

it("tells of a token that works since when, and of any other nothing", async () => {
  const sandbox = openNotion();
  const { access_token: token } = await sandbox.signIn();
  const { status, body } = await sandbox.oauth("introspect", { token });
  expect([status, body]).toEqual([
    200,
    { active: true, scope: expect.any(String), iat: expect.any(Number), request_id: expect.any(String) },
  ]);
  const unknown = await sandbox.oauth("introspect", { token: "unknown" });
  expect(unknown.body).toEqual({ active: false, request_id: expect.any(String) });
});
