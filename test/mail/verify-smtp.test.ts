import { expect, test } from "vitest";
import { base64, oauthbearer, plain, xoauth2 } from "../../src/mail/sasl.ts";
import { causeOf, logIn, OAUTH, PASSWORD, smtpServer, TOKEN, USER } from "./logins.ts";

const SMTP = "smtp" as const;
const GO = "334 \r\n";
const IN = "235 2.7.0 Authentication successful\r\n";
const B64 = /^[\w+/]{12,}=*$/;

test("a token logs in by the two-step form, since it is longer than a command may be, and the steps are named", async () => {
  const script = smtpServer("LOGIN XOAUTH2", { to: /^AUTH XOAUTH2$/, say: GO }, { to: B64, say: IN });
  const { result, server } = await logIn({ protocol: SMTP, script });
  const steps = ["connect", "greeting", "ehlo", "auth XOAUTH2", "quit"];
  expect(result).toEqual({ ok: true, steps, took_ms: 0 });
  expect(server.seen.map(({ line }) => line)).toEqual([
    "EHLO [127.0.0.1]",
    "AUTH XOAUTH2",
    xoauth2(USER, TOKEN),
    "QUIT",
  ]);
  expect(server.open()).toBe(0);
});

test("OAUTHBEARER serves where XOAUTH2 is not offered", async () => {
  const script = smtpServer("OAUTHBEARER", { to: /^AUTH /, say: GO }, { to: B64, say: IN });
  const { result, server } = await logIn({ protocol: SMTP, script });
  expect(causeOf(result)).toBe("ok");
  const response = oauthbearer({ user: USER, host: "mail.example.com", port: 465, accessToken: TOKEN });
  expect(server.seen.slice(1, 3).map(({ line }) => line)).toEqual(["AUTH OAUTHBEARER", response]);
});

test.each([
  ["XOAUTH2", "", "400", "token_refused"],
  ["OAUTHBEARER", "AQ==", "invalid_token", "token_refused"],
  ["OAUTHBEARER", "AQ==", "insufficient_scope", "scope_missing"],
])("the error challenge of %s is answered by %j; status %s means %s", async (name, answered, status, cause) => {
  const challenge = btoa(JSON.stringify({ status, schemes: "Bearer" }));
  const rules = [
    { to: /^AUTH /, say: GO },
    { to: /^.{100,}$/, say: `334 ${challenge}\r\n` },
    { to: /^(?:AQ==)?$/, say: "535-5.7.8 Username and Password not accepted.\r\n535 5.7.8 See help - gsmtp\r\n" },
  ];
  const { result, server } = await logIn({ protocol: SMTP, script: smtpServer(name, ...rules) });
  const server_said = "535 5.7.8 Username and Password not accepted. See help - gsmtp";
  expect(result).toMatchObject({ cause, mend: "user", server_said });
  expect(server.seen.at(-1)?.line).toBe(answered);
});

test.each([
  ["PLAIN where it is offered", "LOGIN PLAIN", [plain(USER, 'pass"word\\1')]],
  ["LOGIN otherwise", "LOGIN", [base64(USER), base64('pass"word\\1')]],
])("a password goes by %s", async (_, offered, responses) => {
  const rules = [...responses.slice(1).map(() => ({ to: B64, say: GO })), { to: B64, say: IN }];
  const script = smtpServer(offered, { to: /^AUTH /, say: GO }, ...rules);
  const { result, server } = await logIn({ protocol: SMTP, script, secret: PASSWORD });
  expect(causeOf(result)).toBe("ok");
  expect(server.seen.slice(2, -1).map(({ line }) => line)).toEqual(responses);
});

test.each([
  ["a token", OAUTH, "LOGIN PLAIN"],
  ["a password", PASSWORD, "XOAUTH2 GSSAPI"],
])("%s is not sent where nothing that fits is offered", async (_, secret, offered) => {
  const { result, server } = await logIn({ protocol: SMTP, script: smtpServer(offered), secret });
  expect(result).toMatchObject({ cause: "mechanism_missing", mend: "admin" });
  expect(server.seen.map(({ line }) => line)).toEqual(["EHLO [127.0.0.1]"]);
});

test("with STARTTLS nothing but STARTTLS is asked before TLS, and EHLO is said anew", async () => {
  const script = smtpServer("XOAUTH2", { to: /^AUTH /, say: GO }, { to: B64, say: IN });
  const { result, server } = await logIn({ protocol: SMTP, script, security: "starttls" });
  expect(causeOf(result)).toBe("ok");
  expect(server.asked).toEqual(["mail.example.com:587 starttls"]);
  expect(server.seen.map(({ line, tls }) => [line.split(" ")[0]?.slice(0, 8), tls])).toEqual([
    ["EHLO", false],
    ["STARTTLS", false],
    ["EHLO", true],
    ["AUTH", true],
    [expect.any(String), true],
    ["QUIT", true],
  ]);
});

test("what is offered before TLS counts for nothing after it", async () => {
  const rules = [
    { to: /^EHLO /, say: "250-hi\r\n250-STARTTLS\r\n250 AUTH XOAUTH2\r\n" },
    { to: /^STARTTLS$/, say: "220 go\r\n" },
    { to: /^EHLO /, say: "250 hi\r\n" },
  ];
  const script = { greeting: "220 hi\r\n", rules };
  expect(causeOf((await logIn({ protocol: SMTP, script, security: "starttls" })).result)).toBe("mechanism_missing");
});

test.each([
  ["offers none", { greeting: "220 hi\r\n", rules: [{ to: /^EHLO/, say: "250 hi\r\n" }] }, "starttls_missing"],
  ["refuses it", smtpServer("PLAIN", { to: /^STARTTLS$/, say: "502 5.5.1 no\r\n" }), "starttls_missing"],
  ["cannot now", smtpServer("PLAIN", { to: /^STARTTLS$/, say: "454 4.7.0 later\r\n" }), "temporarily_refused"],
  [
    "says more before TLS",
    smtpServer("PLAIN", { to: /^STARTTLS$/, say: "220 go\r\n250-AUTH PLAIN XOAUTH2\r\n250 x\r\n" }),
    "data_before_tls",
  ],
  ["cannot do TLS", { ...smtpServer("PLAIN"), tls: "fails" }, "tls_failed"],
] as const)("no secret is sent to a server that at STARTTLS %s", async (_, script, cause) => {
  for (const secret of [OAUTH, PASSWORD]) {
    const { result, server } = await logIn({ protocol: SMTP, script, secret, security: "starttls" });
    expect(causeOf(result)).toBe(cause);
    expect(server.seen.every(({ line }) => /^(?:EHLO|STARTTLS)\b/.test(line))).toBe(true);
    expect(server.open()).toBe(0);
  }
});
