import { expect, test } from "vitest";
import { plain, oauthbearer, xoauth2 } from "../../src/mail/sasl.ts";
import { causeOf, imapServer, logIn, OAUTH, PASSWORD, TOKEN, USER } from "./logins.ts";

const IMAP = "imap" as const;
const OK = { say: "$TAG OK in\r\n" };

test("a token logs in with its initial response in the command, INBOX is selected, and the steps are named", async () => {
  const script = imapServer("SASL-IR AUTH=XOAUTH2", { to: / AUTHENTICATE /, ...OK });
  const { result, server } = await logIn({ protocol: IMAP, script });
  const steps = ["connect", "greeting", "capability", "authenticate XOAUTH2", "select INBOX", "logout"];
  expect(result).toEqual({ ok: true, steps, took_ms: 0 });
  expect(server.seen.map(({ line }) => line)).toEqual([
    "A1 CAPABILITY",
    `A2 AUTHENTICATE XOAUTH2 ${xoauth2(USER, TOKEN)}`,
    "A3 SELECT INBOX",
    "A4 LOGOUT",
  ]);
  expect(server.open()).toBe(0);
});

test("without SASL-IR, and for a token too long for a command, the response waits for leave", async () => {
  const long = `opaque-${"x".repeat(9000)}`;
  for (const [capabilities, accessToken] of [
    ["", TOKEN],
    ["SASL-IR ", long],
  ] as const) {
    const rules = [
      { to: / AUTHENTICATE /, say: "+ \r\n" },
      { to: /^dXNl/, say: "A2 OK in\r\n" },
    ];
    const script = imapServer(`${capabilities}AUTH=XOAUTH2`, ...rules);
    const { result, server } = await logIn({ protocol: IMAP, script, secret: { kind: "oauth", accessToken } });
    expect(causeOf(result)).toBe("ok");
    expect(server.seen.slice(1, 3).map(({ line }) => line)).toEqual([
      "A2 AUTHENTICATE XOAUTH2",
      xoauth2(USER, accessToken),
    ]);
  }
});

test("OAUTHBEARER serves where XOAUTH2 is not offered", async () => {
  const script = imapServer("SASL-IR AUTH=OAUTHBEARER", { to: / AUTHENTICATE /, ...OK });
  const { result, server } = await logIn({ protocol: IMAP, script });
  expect(causeOf(result)).toBe("ok");
  const response = oauthbearer({ user: USER, host: "mail.example.com", port: 993, accessToken: TOKEN });
  expect(server.seen[1]?.line).toBe(`A2 AUTHENTICATE OAUTHBEARER ${response}`);
});

test.each([
  ["XOAUTH2", ""],
  ["OAUTHBEARER", "AQ=="],
])("the error challenge of %s is answered by %j, and the refusal heard", async (name, answered) => {
  const challenge = btoa('{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}');
  const rules = [
    { to: / AUTHENTICATE /, say: `+ ${challenge}\r\n` },
    { to: /^(?:AQ==)?$/, say: "A2 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n" },
  ];
  const { result, server } = await logIn({ protocol: IMAP, script: imapServer(`SASL-IR AUTH=${name}`, ...rules) });
  expect(result).toMatchObject({
    cause: "token_refused",
    mend: "user",
    server_said: "[AUTHENTICATIONFAILED] Invalid credentials (Failure)",
  });
  expect(server.seen.at(-1)?.line).toBe(answered);
});

test("a password goes by PLAIN where it is offered", async () => {
  const script = imapServer("SASL-IR AUTH=PLAIN", { to: / AUTHENTICATE /, ...OK });
  const { result, server } = await logIn({ protocol: IMAP, script, secret: PASSWORD });
  expect(causeOf(result)).toBe("ok");
  expect(server.seen[1]?.line).toBe(`A2 AUTHENTICATE PLAIN ${plain(USER, 'pass"word\\1')}`);
});

test("otherwise by LOGIN, quoted; beyond ASCII as a literal that waits for leave", async () => {
  const ascii = await logIn({ protocol: IMAP, script: imapServer("", { to: / LOGIN /, ...OK }), secret: PASSWORD });
  expect(causeOf(ascii.result)).toBe("ok");
  expect(ascii.server.seen[1]?.line).toBe(String.raw`A2 LOGIN "${USER}" "pass\"word\\1"`);

  const rules = [
    { to: / LOGIN \{6\}$/, say: "+ go\r\n" },
    { to: /^żółw? \{6\}$|^żół \{4\}$/, say: "+ go\r\n" },
    { to: /^pässw?$|^pä1$/, say: "A2 OK in\r\n" },
  ];
  const secret = { kind: "password", password: "pä1" } as const;
  const beyond = await logIn({ protocol: IMAP, script: imapServer("", ...rules), secret, username: "żół" });
  expect(causeOf(beyond.result)).toBe("ok");
  expect(beyond.server.seen.slice(1, 4).map(({ line }) => line)).toEqual(["A2 LOGIN {6}", "żół {4}", "pä1"]);
});

test("where LOGIN is disabled and nothing else offered, no password is sent", async () => {
  const { result, server, all } = await logIn({
    protocol: IMAP,
    script: imapServer("LOGINDISABLED"),
    secret: PASSWORD,
  });
  expect(result).toMatchObject({ cause: "mechanism_missing", mend: "admin" });
  expect(server.seen.map(({ line }) => line)).toEqual(["A1 CAPABILITY"]);
  expect(all).not.toMatch(/pass.?"word/);
});

test("with STARTTLS nothing but STARTTLS is asked before TLS, and capabilities are asked for anew", async () => {
  const script = imapServer("STARTTLS SASL-IR AUTH=XOAUTH2", { to: / AUTHENTICATE /, ...OK });
  const { result, server } = await logIn({ protocol: IMAP, script, security: "starttls" });
  expect(causeOf(result)).toBe("ok");
  expect(server.asked).toEqual(["mail.example.com:143 starttls"]);
  expect(server.seen.map(({ line, tls }) => [line.split(" ")[1], tls])).toEqual([
    ["CAPABILITY", false],
    ["STARTTLS", false],
    ["CAPABILITY", true],
    ["AUTHENTICATE", true],
    ["SELECT", true],
    ["LOGOUT", true],
  ]);
});

test("what is offered before TLS counts for nothing after it", async () => {
  const rules = [
    { to: / CAPABILITY$/, say: "* CAPABILITY IMAP4rev1 STARTTLS AUTH=XOAUTH2\r\n$TAG OK done\r\n" },
    { to: / STARTTLS$/, say: "$TAG OK begin\r\n" },
    { to: / CAPABILITY$/, say: "* CAPABILITY IMAP4rev1\r\n$TAG OK done\r\n" },
  ];
  const script = { greeting: "* OK ready\r\n", rules };
  expect(causeOf((await logIn({ protocol: IMAP, script, security: "starttls" })).result)).toBe("mechanism_missing");
});

test.each([
  ["offers none", imapServer("AUTH=XOAUTH2"), "starttls_missing"],
  ["refuses it", { ...imapServer("STARTTLS", { to: / STARTTLS$/, say: "$TAG BAD no\r\n" }) }, "starttls_missing"],
  ["is logged in already", { greeting: "* PREAUTH welcome\r\n" }, "protocol_error"],
  [
    "says more before TLS",
    imapServer("STARTTLS", { to: / STARTTLS$/, say: "$TAG OK begin\r\n* CAPABILITY AUTH=PLAIN\r\n" }),
    "data_before_tls",
  ],
  ["says half a line more", imapServer("STARTTLS", { to: / STARTTLS$/, say: "$TAG OK begin\r\n*" }), "data_before_tls"],
  ["cannot do TLS", { ...imapServer("STARTTLS"), tls: "fails" }, "tls_failed"],
] as const)("no secret is sent to a server that at STARTTLS %s", async (_, script, cause) => {
  for (const secret of [OAUTH, PASSWORD]) {
    const { result, server } = await logIn({ protocol: IMAP, script, secret, security: "starttls" });
    expect(causeOf(result)).toBe(cause);
    expect(server.seen.every(({ line }) => /^A\d (?:CAPABILITY|STARTTLS)$/.test(line))).toBe(true);
    expect(server.open()).toBe(0);
  }
});

test("a login is good however the server says goodbye", async () => {
  const script = imapServer("SASL-IR AUTH=XOAUTH2", { to: / AUTHENTICATE /, ...OK }, { to: / LOGOUT/, close: true });
  expect(causeOf((await logIn({ protocol: IMAP, script })).result)).toBe("ok");
});
