import { expect, it } from "vitest";
import { CLIENT_SECRET } from "./defaults.ts";
import { GRAPH, LOGIN, openSandbox, REDEEM, SCOPE, type Driver, type Json, type Tokens } from "./driver.ts";
import { sha256Hex } from "./ids.ts";

async function refresh(sandbox: Driver, token: string) {
  return sandbox.token({ grant_type: "refresh_token", refresh_token: token, scope: `${GRAPH}/User.Read` });
}

async function requests(sandbox: Driver, query = ""): Promise<Json[]> {
  return (await sandbox.control(`/requests${query}`))["requests"] as Json[];
}

it("refuses a malformed fault, setting, client or clock with 400", async () => {
  const sandbox = openSandbox();
  const status = async (path: string, body: string) =>
    (await sandbox.fetch(`${LOGIN}/_sandbox${path}`, { method: "POST", body })).status;
  expect(await status("/faults", `{"statuss":500}`)).toBe(400);
  expect(await status("/settings", `{"refresh_rotation":"sometimes"}`)).toBe(400);
  expect(await status("/clients", `{}`)).toBe(400);
  expect(await status("/clock", `{"forward":1}`)).toBe(400);
  expect(await status("/faults", "{")).toBe(400);
});

it("tells what it received, with secrets hashed", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token, access_token: accessToken } = await sandbox.signIn("ana");
  await refresh(sandbox, token);
  await sandbox.graph(accessToken, "/me", { headers: { Prefer: "x=y" } });
  const [entry] = await requests(sandbox, "?path=/common/oauth2/v2.0/token&grant_type=refresh_token");
  expect(entry).toMatchObject({
    method: "POST",
    host: "login.microsoftonline.com",
    grant_type: "refresh_token",
    status: 200,
  });
  expect(entry?.["form"]).toMatchObject({
    refresh_token: `sha256:${await sha256Hex(token)}`,
    client_secret: `sha256:${await sha256Hex(CLIENT_SECRET)}`,
    scope: `${GRAPH}/User.Read`,
  });
  const [graph] = await requests(sandbox, "?path=/v1.0/*");
  expect(graph?.["headers"]).toMatchObject({
    authorization: `Bearer sha256:${await sha256Hex(accessToken)}`,
    prefer: "x=y",
  });
  const everything = JSON.stringify(await requests(sandbox));
  for (const secret of [token, accessToken, CLIENT_SECRET, REDEEM.code_verifier])
    expect(everything).not.toContain(secret);
});

it("forgets what it received when told to, and never counts its own controls", async () => {
  const sandbox = openSandbox();
  await sandbox.signIn("ana");
  expect(await requests(sandbox)).toHaveLength(2);
  await sandbox.control("/requests", undefined, "DELETE");
  expect(await requests(sandbox)).toEqual([]);
});

it("moves its clock by an amount, to a time, and back", async () => {
  const sandbox = openSandbox();
  const now = async (change: Json) => new Date(String((await sandbox.control("/clock", change))["now"])).getTime();
  expect(Math.abs((await now({ advance_ms: 60_000 })) - Date.now() - 60_000)).toBeLessThan(1000);
  expect(Math.abs((await now({ set: "2030-01-01T00:00:00Z" })) - Date.parse("2030-01-01T00:00:00Z"))).toBeLessThan(
    1000,
  );
  expect(Math.abs((await now({ reset: true })) - Date.now())).toBeLessThan(1000);
});

it("forgets everything at a reset, and its keys only when asked", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/settings", { refresh_rotation: "family" });
  const keys = async () => (await sandbox.fetch(`${LOGIN}/common/discovery/v2.0/keys`)).text();
  const before = await keys();
  await sandbox.control("/keys/rotate", {});
  const rotated = await keys();
  await sandbox.control("/reset", {});
  expect((await sandbox.control("/settings"))["refresh_rotation"]).toBe("keep");
  expect((await refresh(sandbox, token)).status).toBe(400);
  expect(await keys()).toBe(rotated);
  await sandbox.control("/reset", { keys: true });
  expect(await keys()).toBe(before);
});

it("takes new users and tenants", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/tenants", {
    id: "33333333-aaaa-4bbb-8ccc-000000000003",
    display_name: "Tailspin",
    domains: ["tailspin.example"],
  });
  await sandbox.control("/users", {
    name: "tess",
    tid: "33333333-aaaa-4bbb-8ccc-000000000003",
    upn: "tess@tailspin.example",
  });
  await sandbox.control("/users", { name: "pia", kind: "personal", mail: null });
  const code = await sandbox.code({ auto: "tess" }, "tailspin.example");
  expect((await sandbox.token({ ...REDEEM, code }, "tailspin.example")).status).toBe(200);
  const { access_token: opaque } = (await sandbox.signIn("pia", SCOPE)) satisfies Tokens;
  expect(opaque).not.toContain(".");
});
