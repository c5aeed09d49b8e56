import { expect, it } from "vitest";
import { INTROSPECTION_CLIENT_ID, INTROSPECTION_CLIENT_SECRET } from "./defaults.ts";
import { GRAPH, LOGIN, openSandbox, SCOPE, type Driver, type Json } from "./driver.ts";
import { openGoogle } from "./google/driver.ts";

const OUTLOOK = "https://outlook.office.com";
const IMAP = `${OUTLOOK}/IMAP.AccessAsUser.All`;
const SMTP = `${OUTLOOK}/SMTP.Send`;
const OPENID = "openid profile email offline_access";
const HOUR_MS = 3_600_000;

const basic = (id: string, secret: string) => ({ Authorization: `Basic ${btoa(`${id}:${secret}`)}` });
const SERVER = basic(INTROSPECTION_CLIENT_ID, INTROSPECTION_CLIENT_SECRET);

function post(
  sandbox: Pick<Driver, "fetch">,
  form: Record<string, string>,
  headers: Record<string, string> = SERVER,
  query = "",
) {
  const body = new URLSearchParams(form);
  return sandbox.fetch(`${LOGIN}/_sandbox/introspect${query}`, { method: "POST", body, headers });
}

async function introspect(sandbox: Pick<Driver, "fetch">, token: string, query = ""): Promise<Json> {
  const answer = await post(sandbox, { token }, SERVER, query);
  expect(answer.status).toBe(200);
  return answer.json();
}

it("tells a mail server what a token is good for, and whose mailbox it opens", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana", `${OPENID} ${IMAP} ${SMTP}`);
  expect(await introspect(sandbox, token)).toEqual({
    active: true,
    aud: OUTLOOK,
    scope: `${IMAP} ${SMTP}`,
    username: "ana@contoso.example",
    exp: expect.any(Number) as number,
    client_id: "11111111-aaaa-4bbb-8ccc-000000000001",
    iss: "https://sts.windows.net/7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d/",
    token_type: "Bearer",
    mailbox: { imap_enabled: true, smtp_auth_enabled: true, conditional_access: "allow", shared: [] },
  });
  const personal = await sandbox.signIn("pat", `${OPENID} ${IMAP}`);
  expect(await introspect(sandbox, personal.access_token)).toMatchObject({
    username: "pat@outlook.example",
    scope: IMAP,
  });
});

it("shows a token for Graph as one, also where mail's name was asked for behind a Graph scope", async () => {
  const sandbox = openSandbox();
  const { access_token: graph } = await sandbox.signIn("ana", SCOPE);
  expect(await introspect(sandbox, graph)).toMatchObject({ active: true, aud: GRAPH });
  const { access_token: trapped, scope } = await sandbox.signIn(
    "ana",
    `${OPENID} ${GRAPH}/Mail.Read IMAP.AccessAsUser.All`,
  );
  expect(scope).toContain(`${GRAPH}/IMAP.AccessAsUser.All`);
  expect(await introspect(sandbox, trapped)).toMatchObject({ aud: GRAPH });
  expect(await introspect(sandbox, trapped, "?protocol=imap")).toEqual({ active: false });
});

it("knows nothing of a token that was never issued, has expired or was revoked, nor of a refresh token", async () => {
  const sandbox = openSandbox();
  const { access_token: token, refresh_token: refresh } = await sandbox.signIn("ana", `${OPENID} ${IMAP}`);
  for (const other of ["made-up", `${token}x`, refresh])
    expect(await introspect(sandbox, other)).toEqual({ active: false });
  await sandbox.control("/users/ana/revoke", {});
  expect(await introspect(sandbox, token)).toMatchObject({ active: true });
  await sandbox.control("/users/ana/revoke", { access_tokens: true });
  expect(await introspect(sandbox, token)).toEqual({ active: false });
  const { access_token: next } = await sandbox.signIn("bo", `${OPENID} ${IMAP}`);
  await sandbox.control("/clock", { advance_ms: 2 * HOUR_MS });
  expect(await introspect(sandbox, next)).toEqual({ active: false });
});

it.each([
  [{ imap_enabled: false }, [false, true]],
  [{ smtp_auth_enabled: false }, [true, false]],
  [{ conditional_access: "block" }, [false, false]],
  [{ shared: ["team@contoso.example"] }, [true, true]],
])("with a mailbox changed by %j, IMAP and SMTP let in: %j", async (change, expected) => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana", `${OPENID} ${IMAP} ${SMTP}`);
  await sandbox.control("/users/ana/mailbox", change, "PATCH");
  expect(await introspect(sandbox, token)).toMatchObject({ active: true, mailbox: change });
  const answers = [];
  for (const protocol of ["imap", "smtp"]) answers.push(await introspect(sandbox, token, `?protocol=${protocol}`));
  expect(answers.map(({ active }) => active)).toEqual(expected);
  for (const answer of answers) expect(answer).not.toHaveProperty("mailbox");
});

it("lets nobody without a mailbox in, and a token in where its scope says alone", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("gus", `${OPENID} ${IMAP}`);
  expect(await introspect(sandbox, token)).toMatchObject({
    mailbox: { imap_enabled: false, smtp_auth_enabled: false },
  });
  await sandbox.control("/settings", { scope_answer: "asked" });
  const { access_token: imap } = await sandbox.signIn("ana", `${OPENID} ${IMAP}`);
  expect(await introspect(sandbox, imap, "?protocol=imap")).toMatchObject({ active: true });
  expect(await introspect(sandbox, imap, "?protocol=smtp")).toEqual({ active: false });
});

it("answers mail servers alone, and says what a wrong question lacks", async () => {
  const sandbox = openSandbox();
  for (const headers of [{}, basic(INTROSPECTION_CLIENT_ID, "wrong"), { Authorization: "Bearer x" }]) {
    const answer = await post(sandbox, { token: "x" }, headers);
    expect([answer.status, answer.headers.get("WWW-Authenticate")]).toEqual([401, 'Basic realm="introspection"']);
  }
  expect((await post(sandbox, {})).status).toBe(400);
  expect((await post(sandbox, { token: "x" }, SERVER, "?protocol=pop")).status).toBe(400);
});

it("refuses a sign-in for too many resources at once", async () => {
  const sandbox = openSandbox();
  const resources = Array.from({ length: 7 }, (_, index) => `https://api${index}.example/x`);
  const answer = await sandbox.authorize({ auto: "ana", scope: `openid ${resources.join(" ")}` });
  expect(answer.headers.get("Location")).toContain("AADSTS28004");
});

it("knows Google's tokens too, by their scope and the account's address", async () => {
  const google = openGoogle();
  const tokens = await google.signIn("ana", { scope: "openid email https://mail.google.com/" });
  expect(tokens.scope).toContain("https://mail.google.com/");
  const found = await introspect(google, tokens.access_token);
  expect(found).toMatchObject({ active: true, username: "ana@contoso.example", iss: "https://accounts.google.com" });
  expect(String(found["scope"]).split(" ")).toContain("https://mail.google.com/");
  expect(await introspect(google, tokens.access_token, "?protocol=smtp")).toMatchObject({ active: true });
  const { access_token: calendar } = await google.signIn("bo", { scope: "https://www.googleapis.com/auth/calendar" });
  expect(await introspect(google, calendar, "?protocol=imap")).toEqual({ active: false });
  await google.control("/google/grants/ana/revoke", {});
  expect(await introspect(google, tokens.access_token)).toEqual({ active: false });
});
