import { expect, it } from "vitest";
import { GRAPH, openSandbox, SCOPE, type Driver } from "./driver.ts";

const DAY_MS = 24 * 60 * 60_000;
const OUTLOOK = "https://outlook.office.com";
const MAIL = `${OUTLOOK}/IMAP.AccessAsUser.All ${OUTLOOK}/SMTP.Send`;

async function refresh(
  sandbox: Driver,
  token: string,
  scope: string | null = `${GRAPH}/User.Read offline_access`,
  tenant = "common",
) {
  const { body, status } = await sandbox.token({ grant_type: "refresh_token", refresh_token: token, scope }, tenant);
  return { ...body, status, next: String(body["refresh_token"]) };
}

it("gives a new refresh token each time and keeps the old one valid", async () => {
  const sandbox = openSandbox();
  const { refresh_token: first } = await sandbox.signIn("ana");
  const second = await refresh(sandbox, first);
  expect(second.status).toBe(200);
  expect(second.next).not.toBe(first);
  expect((await refresh(sandbox, first)).status).toBe(200);
  expect((await refresh(sandbox, second.next)).status).toBe(200);
});

it("gives an id_token when the refresh asks for openid", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  expect(await refresh(sandbox, token, SCOPE)).toHaveProperty("id_token");
  expect(await refresh(sandbox, token)).not.toHaveProperty("id_token");
});

it("gives tokens for another resource that was consented to, one resource at a time", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana", `${SCOPE} ${MAIL}`);
  const mail = await refresh(sandbox, token, `${MAIL} offline_access`);
  expect(mail).toMatchObject({ status: 200, scope: `${MAIL} profile openid email` });
  expect(await refresh(sandbox, token, `${MAIL} ${GRAPH}/User.Read`)).toMatchObject({
    status: 400,
    error_codes: [28000],
  });
  expect(await refresh(sandbox, mail.next, `${GRAPH}/User.Read`)).toMatchObject({ status: 200 });
});

it("refuses a resource that was never consented to, in other words for personal accounts", async () => {
  const sandbox = openSandbox();
  const { refresh_token: work } = await sandbox.signIn("ana");
  const { refresh_token: personal } = await sandbox.signIn("pat");
  expect(await refresh(sandbox, work, MAIL)).toMatchObject({
    error: "invalid_grant",
    error_codes: [65001],
    suberror: "consent_required",
  });
  const refused = await refresh(sandbox, personal, MAIL);
  expect(refused).toMatchObject({ error: "invalid_grant", error_codes: [70000] });
  expect(refused).not.toHaveProperty("suberror");
  expect((await refresh(sandbox, personal)).status).toBe(200);
});

it("asks for the resource of the sign-in when a refresh names no scope", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  expect(await refresh(sandbox, token, null)).toMatchObject({
    status: 200,
    scope: expect.stringContaining("Calendars.ReadWrite") as string,
  });
});

it("refuses refresh tokens from before a revocation, with bad_token", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/users/ana/revoke", {});
  expect(await refresh(sandbox, token)).toMatchObject({
    error: "invalid_grant",
    error_codes: [50173],
    suberror: "bad_token",
  });
  await sandbox.control("/clock", { advance_ms: 1000 });
  const { refresh_token: fresh } = await sandbox.signIn("ana");
  expect((await refresh(sandbox, fresh)).status).toBe(200);
});

it("lets a refresh token die after 90 days of disuse, counted from its last use", async () => {
  const sandbox = openSandbox();
  const { refresh_token: used } = await sandbox.signIn("ana");
  const { refresh_token: idle } = await sandbox.signIn("bo");
  await sandbox.control("/clock", { advance_ms: 60 * DAY_MS });
  expect((await refresh(sandbox, used)).status).toBe(200);
  await sandbox.control("/clock", { advance_ms: 30 * DAY_MS });
  expect((await refresh(sandbox, used)).status).toBe(200);
  expect(await refresh(sandbox, idle)).toMatchObject({ error: "invalid_grant", error_codes: [700082] });
});

it("refuses a refresh token of another application, and one that never was", async () => {
  const sandbox = openSandbox();
  const other = { client_id: "22222222-aaaa-4bbb-8ccc-000000000002", client_secret: "s" };
  await sandbox.control("/clients", { client_id: other.client_id, secrets: [{ value: "s" }] });
  const { refresh_token: token } = await sandbox.signIn("ana");
  const stolen = await sandbox.token({ grant_type: "refresh_token", refresh_token: token, ...other });
  expect(stolen.body).toMatchObject({ error: "invalid_grant", suberror: "bad_token" });
  expect(await refresh(sandbox, "1.AXkAnonsense")).toMatchObject({
    error: "invalid_grant",
    error_codes: [70000],
    suberror: "bad_token",
  });
});

it("refuses the refresh of a disabled user", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/users/ana", { disabled: true }, "PATCH");
  expect(await refresh(sandbox, token)).toMatchObject({ error: "invalid_grant", error_codes: [50057] });
});

it("refuses a refresh on the path of a tenant where the user is not", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  expect((await refresh(sandbox, token, SCOPE, "contoso.example")).status).toBe(200);
  expect(await refresh(sandbox, token, SCOPE, "fabrikam.example")).toMatchObject({
    error: "invalid_grant",
    error_codes: [50020],
  });
  expect(await refresh(sandbox, token, SCOPE, "consumers")).toMatchObject({ error_codes: [50020] });
});

it("rotates when set to: the old token is dead at once", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "rotate" });
  const { refresh_token: first } = await sandbox.signIn("ana");
  const { next } = await refresh(sandbox, first);
  expect(await refresh(sandbox, first)).toMatchObject({ error: "invalid_grant", error_codes: [70008] });
  expect((await refresh(sandbox, next)).status).toBe(200);
});

it("revokes the whole family when set to and an old token is replayed", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "family" });
  const { refresh_token: first } = await sandbox.signIn("ana");
  const { refresh_token: unrelated } = await sandbox.signIn("ana");
  const { next } = await refresh(sandbox, first);
  expect((await refresh(sandbox, first)).status).toBe(400);
  expect((await refresh(sandbox, next)).status).toBe(400);
  expect((await refresh(sandbox, unrelated)).status).toBe(200);
});

it("rotates atomically: of refreshes at the same time exactly one wins", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "rotate" });
  const { refresh_token: token } = await sandbox.signIn("ana");
  const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(sandbox, token, SCOPE)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

it("leaves the refresh token out of the answer when set to, and then keeps the old one", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "rotate", refresh_token_in_answer: false });
  const { refresh_token: token } = await sandbox.signIn("ana");
  expect(await refresh(sandbox, token)).not.toHaveProperty("refresh_token");
  expect((await refresh(sandbox, token)).status).toBe(200);
});

it("names a token's life and other members of the answer by settings", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { expires_in: 120, extra_token_fields: { refresh_in: 60, ext_expires_in: null } });
  const { refresh_token: token } = await sandbox.signIn("ana");
  const answer = await refresh(sandbox, token);
  expect(answer).toMatchObject({ expires_in: 120, refresh_in: 60 });
  expect(answer).not.toHaveProperty("ext_expires_in");
});

it("folds later scopes into Graph after an unprefixed first scope that both resources have", async () => {
  const sandbox = openSandbox();
  const trap = `Mail.Read ${OUTLOOK}/SMTP.Send`;
  const { refresh_token: token } = await sandbox.signIn(
    "ana",
    `openid offline_access ${GRAPH}/Mail.Read ${GRAPH}/SMTP.Send`,
  );
  const answer = await refresh(sandbox, token, trap);
  expect(answer).toMatchObject({ status: 200, scope: `${GRAPH}/Mail.Read ${GRAPH}/SMTP.Send openid` });
});

it("gives an unprefixed name that both resources have to the first resource", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn(
    "ana",
    `offline_access ${OUTLOOK}/SMTP.Send ${OUTLOOK}/Mail.Send`,
  );
  const answer = await refresh(sandbox, token, `${OUTLOOK}/SMTP.Send Mail.Send`);
  expect(answer).toMatchObject({ status: 200, scope: `${OUTLOOK}/SMTP.Send ${OUTLOOK}/Mail.Send` });
});
