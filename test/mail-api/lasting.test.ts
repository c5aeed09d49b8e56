import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { runJobs } from "../../src/jobs/index.ts";
import { sleep } from "../connections/keeper.ts";
import { MANAGER, resetSandbox, somebody } from "../oauth/manager.ts";
import { failingD1, otherWorld } from "../oauth/other-world.ts";
import { problemOf } from "../routes/security.ts";
import { listen, signIn } from "../support.ts";
import { account, MAIL, openMailbox, putAccount } from "./mailboxes.ts";

const [K1, K2] = [env.TOKEN_ENCRYPTION_KEY, `k2:${btoa("a-key-of-exactly-32-bytes-length")}`];
const CRON = "*/15 * * * *";
const PASSWORD = "correct horse battery staple";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  const tables = ["connections", "mail_accounts", "job_state", "audit"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`delete from ${table}`)));
  await resetSandbox();
});

const rowsOf = async (owner: string) =>
  (await env.DB.prepare("select * from mail_accounts where owner = ?").bind(owner).all()).results;

test("after a rotation the job seals passwords anew, the figures count them, and the old key can go", async () => {
  listen();
  const who = somebody();
  await putAccount(who, { address: "ana@gmail.com", password: PASSWORD });
  await putAccount(who, { address: "without@gmail.com" });
  await sleep(who.sub);
  const both = otherWorld({ TOKEN_ENCRYPTION_KEY: `${K2},${K1}` });
  const operator = { sub: "mail-operator", roles: ["operator"] };
  const sealing = async () => {
    const status = await both.send(operator, "GET", `${MANAGER}/status`);
    return (await status.json<{ system: { sealing: unknown } }>()).system.sealing;
  };
  expect(await sealing()).toMatchObject({ rows: 1, left: 1, by_key: [{ key: "k1", rows: 1 }] });
  await runJobs(CRON, both.env, Date.now());
  expect(await sealing()).toMatchObject({ rows: 1, left: 0, by_key: [{ key: "k2", rows: 1 }] });
  const without = otherWorld({ TOKEN_ENCRYPTION_KEY: K2 });
  const credentials = await without.keeper(who.sub, "mailCredentials", { address: "ana@gmail.com", actor: who.sub });
  expect(credentials).toMatchObject({ result: { value: { secret: { kind: "password", password: PASSWORD } } } });
});

test("a sign-in whose write D1 does not take takes its account along when D1 is back", async () => {
  listen();
  const who = somebody({ scope: "tokens:read" });
  let down = false;
  const DB = failingD1((sql) => down && !/^\s*select/i.test(sql));
  const world = otherWorld({ DB });
  const started = await world.send(who, "POST", `${MAIL}/microsoft/authorize`, {});
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  const back = new URL(await signIn(url, "ana"));
  down = true;
  const finished = await world.send(who, "GET", back.pathname + back.search);
  expect(await finished.json()).toMatchObject({
    mail_account: { address: "ana@contoso.example", auth_method: "oauth" },
  });
  expect(await rowsOf(who.sub)).toEqual([]);
  // The grant is there for whoever uses it, written down or not.
  expect((await world.send(who, "GET", `${MAIL}/microsoft/xoauth2`)).status).toBe(200);
  down = false;
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
  await world.keeper(who.sub, "alarm");
  expect(await rowsOf(who.sub)).toMatchObject([{ address: "ana@contoso.example", auth_method: "oauth" }]);
});

test("while D1 cannot be written a password is not half kept, and the caller is told to come back", async () => {
  listen();
  const who = somebody();
  await putAccount(who, { address: "ana@gmail.com", password: PASSWORD });
  await sleep(who.sub);
  const before = await rowsOf(who.sub);
  const world = otherWorld({ DB: failingD1((sql) => !/^\s*select/i.test(sql)) });
  const body = { address: "ana@gmail.com", password: "another" };
  const refused = await world.send(who, "PUT", `${MAIL}/mail-account`, body);
  expect(refused.headers.get("Retry-After")).toBe("5");
  expect(await problemOf(refused)).toMatchObject({ status: 500, code: "internal" });
  expect(await rowsOf(who.sub)).toEqual(before);
});

test("a disconnect whose write waits has its account by its password as soon as D1 is back", async () => {
  listen();
  const who = somebody();
  await openMailbox(who, "microsoft");
  await sleep(who.sub);
  let down = true;
  const world = otherWorld({ DB: failingD1((sql) => down && !/^\s*select/i.test(sql)) });
  const closed = await world.send(who, "POST", `${MAIL}/microsoft/disconnect`, {});
  expect(await closed.json()).toMatchObject({ connection: { status: "revoked" } });
  down = false;
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
  await world.keeper(who.sub, "alarm");
  vi.useRealTimers();
  expect(await account(who)).toMatchObject({ auth_method: "password", connection: null });
});

test("two writes of the same account at once leave one of them whole", async () => {
  const who = somebody();
  const ports = [993, 143];
  const answers = await Promise.all(
    ports.map((port) =>
      putAccount(who, { address: "ana@gmail.com", imap: { host: "imap.contoso.example", port, security: "tls" } }),
    ),
  );
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  for (const { status } of answers) expect([200, 409]).toContain(status);
  const { imap } = await account(who);
  expect(ports).toContain(imap.port);
  expect(await rowsOf(who.sub)).toHaveLength(1);
});
