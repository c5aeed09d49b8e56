import { afterEach, expect, test } from "vitest";
import { problemOf } from "../routes/security.ts";
import { call, callerToken, ORIGIN, send, workerWith } from "../support.ts";
import {
  ask,
  authorize,
  connectWith,
  finishAs,
  forgetHeard,
  heard,
  integration,
  MANAGER,
  settings,
} from "./manager.ts";
import { otherWorld } from "./other-world.ts";
import { refusal, resetSandbox, somebody, trailOf } from "./manager.ts";

afterEach(resetSandbox);

const ADMIN = "https://graph.microsoft.com/Directory.Read.All";
const BEYOND = { status: 403, code: "forbidden", reason: "scope_beyond_policy", mend: "operator" };

test.each([
  ["a scope", { scopes: ["Directory.Read.All"] }],
  ["a feature", { features: ["directory.read"] }],
])("%s beyond the caller's role is refused before anybody is sent anywhere, and recorded", async (_how, wish) => {
  const who = somebody();
  await forgetHeard();
  const answer = send("POST", `${MANAGER}/authorize`, who, { provider: "microsoft", ...wish });
  expect(await refusal(answer)).toMatchObject({ ...BEYOND, scopes: [ADMIN] });
  expect(await heard("login.microsoftonline.com")).toEqual([]);
  expect(await trailOf(who)).toMatchObject([
    {
      action: "policy_denial",
      outcome: "failed",
      code: "forbidden",
      actor: who.sub,
      detail: { scopes: [ADMIN], roles: ["user"] },
    },
  ]);
});

test.each(["tenant_admin", "operator"])("a %s may ask for the same", async (role) => {
  const url = await authorize(somebody({ roles: [role] }), { provider: "microsoft", features: ["directory.read"] });
  expect(url.searchParams.get("scope")?.split(" ")).toContain(ADMIN);
});

test("a scope that no catalogue knows is for operators alone", async () => {
  const wish = { provider: "google", scopes: ["https://www.googleapis.com/auth/cloud-platform"] };
  expect(await refusal(send("POST", `${MANAGER}/authorize`, somebody(), wish))).toMatchObject(BEYOND);
  await authorize(somebody({ roles: ["operator"] }), wish);
});

test.each([
  [{ user: { google: ["calendar.read"] } }, { provider: "google", features: ["calendar.read"] }, 200],
  [{ user: { google: ["calendar.read"] } }, { provider: "google", features: ["tasks.read"] }, 403],
  [{ user: { google: ["calendar.read"] } }, { provider: "google" }, 403],
  [{ user: { google: ["calendar.read"] } }, { provider: "notion" }, 200],
  [{ user: { "*": [] } }, { provider: "microsoft", features: ["mail.read"] }, 403],
  [{ user: { microsoft: ["*"] } }, { provider: "microsoft", features: ["directory.read"] }, 200],
])("with SCOPE_POLICY %j a user's %j is judged %i", async (policy, wish, status) => {
  const world = otherWorld({ SCOPE_POLICY: JSON.stringify(policy), SCOPE_POLICY_VERSION: "7" });
  const answer = await world.send(somebody(), "POST", `${MANAGER}/authorize`, wish);
  expect(answer.status).toBe(status);
});

test("a wrong SCOPE_POLICY lets nobody through", async () => {
  const worker = workerWith({ SCOPE_POLICY: "{" });
  const headers = { Authorization: `Bearer ${await callerToken(somebody())}` };
  const answer = await worker(new Request(`${ORIGIN}${MANAGER}/integrations`, { headers }));
  expect(await problemOf(answer)).toMatchObject({ status: 500, code: "internal" });
});

test("a token that carries more than its receiver may have is kept, and handed to nobody but those who may", async () => {
  const reader = { sub: somebody().sub, scope: "tokens:read" };
  await settings({ extra_token_fields: { scope: `${ADMIN} https://graph.microsoft.com/User.Read` } });
  const id = await connectWith(reader, { provider: "microsoft" });
  await settings({ extra_token_fields: {} });
  expect(await integration(reader, id)).toMatchObject({
    status: "active",
    scopes: expect.arrayContaining([ADMIN]) as string[],
  });
  const refused = await refusal(ask(reader, "GET", `/integrations/${id}/token`));
  expect(refused).toMatchObject({ ...BEYOND, scopes: [ADMIN] });
  expect(JSON.stringify(refused)).not.toContain("access_token");
  expect((await trailOf(reader)).map(({ action }) => action)).toEqual(["start", "consent", "connect", "policy_denial"]);
  const admin = { ...reader, roles: ["tenant_admin"] };
  expect((await ask(admin, "GET", `/integrations/${id}/token`)).status).toBe(200);
});

test("whoever connects Google and YouTube with one account may use both, though each token carries the other's scopes", async () => {
  const who = { sub: somebody().sub, scope: "tokens:read" };
  const google = await connectWith(who, { provider: "google", features: ["calendar.read"] });
  const youtube = await connectWith(who, { provider: "youtube" });
  const token = await ask(who, "GET", `/integrations/${youtube}/token`);
  expect(token.status).toBe(200);
  const { scopes } = await token.json<{ scopes: string[] }>();
  expect(scopes).toContain("https://www.googleapis.com/auth/calendar.readonly");
  await ask(who, "POST", `/integrations/${google}/refresh`);
  expect((await ask(who, "GET", `/integrations/${google}/token`)).status).toBe(200);
});

test("what is held beyond the policy of whoever asks now is not asked for again", async () => {
  const { sub } = somebody();
  const admin = { sub, roles: ["tenant_admin"] };
  await settings({ admin_consent_scopes: [] });
  await connectWith(admin, { provider: "microsoft", features: ["directory.read"] });
  const url = await authorize({ sub }, { provider: "microsoft", features: ["mail.read"] });
  expect(url.searchParams.get("scope")).toContain("Mail.Read");
  expect(url.searchParams.get("scope")).not.toContain("Directory.Read.All");
  await finishAs({ sub }, url, "ana");
  expect((await call(`${MANAGER}/integrations`, { sub })).status).toBe(200);
});
