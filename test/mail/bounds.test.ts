import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Failure } from "../../src/lib/errors.ts";
import { xoauth2 } from "../../src/mail/sasl.ts";
import { BOUNDS } from "../../src/mail/verify/connection.ts";
import { verifyMail, type VerifyResult } from "../../src/mail/verify/verify-mail.ts";
import { createVirtualClock } from "../faults/virtual-clock.ts";
import {
  causeOf,
  imapRefusal,
  imapServer,
  logIn,
  OAUTH,
  PASSWORD,
  smtpRefusal,
  smtpServer,
  TOKEN,
  USER,
} from "./logins.ts";
import { keptLog, type Script, scriptedServer, stillClock } from "./scripted-server.ts";

const goodImap = (): Script => imapServer("SASL-IR AUTH=XOAUTH2", { to: / AUTHENTICATE /, say: "$TAG OK in\r\n" });
const goodSmtp = (): Script =>
  smtpServer("XOAUTH2", { to: /^AUTH /, say: "334 \r\n" }, { to: /^.{100,}$/, say: "235 2.7.0 in\r\n" });

/** Cuts bytes into chunks of these sizes, again and again. */
function cutBy(sizes: readonly number[]): (bytes: Uint8Array) => Uint8Array[] {
  let at = 0;
  return (bytes) => {
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; at += 1) {
      const to = from + (sizes[at % sizes.length] ?? 1);
      chunks.push(bytes.slice(from, to));
      from = to;
    }
    return chunks;
  };
}

test("however the network cuts the lines, a login goes the same way", async () => {
  const cases = [
    { protocol: "imap", make: goodImap, cause: "ok" },
    { protocol: "imap", make: () => imapRefusal("NO [ALERT] Mäilbox is not enabled for IMAP"), cause: "imap_disabled" },
    { protocol: "smtp", make: goodSmtp, cause: "ok" },
    {
      protocol: "smtp",
      make: () => smtpRefusal("535-5.7.139 no", "535 5.7.139 conditional access"),
      cause: "conditional_access",
    },
  ] as const;
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...cases),
      sizes,
      fc.constantFrom("tls", "starttls"),
      async (one, cuts, security) => {
        const { make, protocol, cause } = one;
        const script = make();
        // An IMAP server of the tests offers STARTTLS only where it is told to.
        const how = protocol === "imap" ? "tls" : security;
        const { result, server } = await logIn({ protocol, script: { ...script, cut: cutBy(cuts) }, security: how });
        expect([causeOf(result), server.open()]).toEqual([cause, 0]);
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ["a greeting without an end", { greeting: `* OK ${"x".repeat(BOUNDS.lineBytes)}` }],
  ["a line too long", { greeting: `* OK ${"x".repeat(BOUNDS.lineBytes)}\r\n` }],
  [
    "too many lines",
    imapServer("", { to: / CAPABILITY/, say: `${`* X ${"y".repeat(1000)}\r\n`.repeat(70)}$TAG OK done\r\n` }),
  ],
])("%s is more than an answer can be", async (_, script) => {
  const { result, server } = await logIn({ protocol: "imap", script });
  expect(result).toMatchObject({ cause: "answer_too_long", mend: "admin" });
  expect(server.open()).toBe(0);
});

test("a line as long as a line may be is read", async () => {
  const padding = "x".repeat(BOUNDS.lineBytes - "* OK ".length);
  const { result } = await logIn({ protocol: "imap", script: { ...goodImap(), greeting: `* OK ${padding}\r\n` } });
  expect(causeOf(result)).toBe("ok");
});

/** Logs in by a clock that a test moves on; answers how long it took and what came of it. */
async function patiently(script: Script, security: "tls" | "starttls" = "tls"): Promise<[string, number, number]> {
  const clock = createVirtualClock(0);
  const server = scriptedServer(script);
  const ports = { connect: server.connect, clock, development: false, log: keptLog() };
  const came: VerifyResult[] = [];
  const login = { imap: { host: "imap.example.com", port: 993, security }, username: USER, secret: OAUTH };
  const done = verifyMail(ports, login).then(({ imap }) => imap && came.push(imap));
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    await scheduler.wait(0);
  };
  await settle();
  for (let at = clock.next(); at !== undefined && came.length === 0; at = clock.next()) await clock.moveTo(at, settle);
  await done;
  const [result] = came;
  return [result ? causeOf(result) : "none", result?.took_ms ?? -1, server.open()];
}

test.each([
  ["never opens, with TLS or without", { takes: { on: "silent", off: "silent" } }, "tls", "connection_timeout", 13_000],
  ["never opens for STARTTLS", { takes: { starttls: "silent" } }, "starttls", "connection_timeout", 10_000],
  ["opens, but never does TLS", { takes: { on: "silent", off: "opens" } }, "tls", "tls_failed", 13_000],
  ["says nothing", {}, "tls", "answer_timeout", 10_000],
  [
    "says nothing before STARTTLS, nor takes TLS",
    { takes: { starttls: "opens" } },
    "starttls",
    "answer_timeout",
    10_000,
  ],
  ["waits for TLS where STARTTLS is asked for", {}, "starttls", "tls_expected", 10_000],
  ["never answers a command", { greeting: "* OK hi\r\n" }, "tls", "answer_timeout", 10_000],
  [
    "never answers a login, as Dovecot makes whoever failed before wait 15 s",
    imapServer("SASL-IR AUTH=XOAUTH2", { to: / AUTHENTICATE / }),
    "tls",
    "answer_timeout",
    20_000,
  ],
  ["never finishes TLS after STARTTLS", { ...imapServer("STARTTLS"), tls: "silent" }, "starttls", "tls_failed", 10_000],
] as const)("a server that %s is waited for as long as a step may take", async (_, script, security, cause, ms) => {
  expect(await patiently(script, security)).toEqual([cause, ms, 0]);
});

test.each([
  ["does TLS wrongly", { takes: { off: "opens" } }, undefined, "tls_failed", "admin"],
  ["speaks without TLS", { takes: { off: "opens" }, greeting: "* OK ready\r\n" }, undefined, "not_tls", "user"],
  ["is not there, as the DNS says", { takes: {} }, false, "dns_failed", "user"],
  ["turns us away", { takes: {} }, true, "connection_refused", "user"],
  ["cannot be reached, nobody knows why", { takes: {} }, undefined, "unreachable", "user"],
] as const)(
  "a server that %s is found out about without sending it anything",
  async (_, script, resolves, cause, mend) => {
    // Without an end of its own, a silent server would be waited for.
    const ends = { closesAfterGreeting: true, ...script };
    const { result, server } = await logIn({ protocol: "imap", script: ends, resolves });
    expect(result).toMatchObject({ cause, mend, steps: ["connect"] });
    expect(server.seen).toEqual([]);
    expect(server.open()).toBe(0);
  },
);

test("an address is never looked up in the DNS", async () => {
  const { result } = await logIn({ protocol: "imap", script: { takes: {} }, host: "8.8.8.8", resolves: false });
  expect(causeOf(result)).toBe("connection_refused");
});

test("an IPv6 address is handed to the platform in brackets", async () => {
  const { result, server } = await logIn({ protocol: "imap", script: goodImap(), host: "2606:4700::1111" });
  expect([causeOf(result), ...server.asked]).toEqual(["ok", "[2606:4700::1111]:993 on"]);
});

test("a platform that refuses to make a socket at all is a server out of reach", async () => {
  const connect = () => {
    throw new TypeError("Specified address could not be parsed.");
  };
  const ports = { connect, clock: stillClock, development: false, log: keptLog() };
  const imap = { host: "imap.example.com", port: 993, security: "tls" } as const;
  const verified = await verifyMail(ports, { imap, username: USER, secret: OAUTH });
  expect(verified.imap).toMatchObject({ cause: "unreachable", steps: ["connect"] });
});

test.each([
  ["localhost", 993],
  ["10.0.0.1", 993],
  ["imap.example.com", 22],
])("%s:%s is not talked to outside development", async (host, port) => {
  const server = scriptedServer(goodImap());
  const ports = { connect: server.connect, clock: stillClock, development: false, log: keptLog() };
  const imap = { host, port, security: "tls" } as const;
  expect(await verifyMail(ports, { imap, username: USER, secret: OAUTH })).toMatchObject({
    ok: false,
    imap: { cause: "server_not_allowed", mend: "caller", steps: [] },
  });
  expect(server.asked).toEqual([]);
  const verified = await verifyMail({ ...ports, development: port !== 22 }, { imap, username: USER, secret: OAUTH });
  expect(verified.ok).toBe(port !== 22);
});

test("both logins are reported, and the account is good only where both are", async () => {
  const imap = { host: "imap.example.com", port: 993, security: "tls" } as const;
  const smtp = { host: "smtp.example.com", port: 465, security: "tls" } as const;
  const good = scriptedServer(goodImap());
  const bad = scriptedServer(smtpRefusal("535 5.7.3 no"));
  const ports = { clock: stillClock, development: false, log: keptLog() };
  const connect: typeof good.connect = (to, how) => (to.port === 993 ? good : bad).connect(to, how);
  const verified = await verifyMail({ ...ports, connect }, { imap, smtp, username: USER, secret: OAUTH });
  expect(verified).toMatchObject({ ok: false, imap: { ok: true }, smtp: { ok: false, cause: "token_refused" } });
});

test("a user name or secret that would add to the protocol is refused before anything is opened", async () => {
  const server = scriptedServer(goodImap());
  const ports = { connect: server.connect, clock: stillClock, development: false, log: keptLog() };
  const imap = { host: "imap.example.com", port: 993, security: "tls" } as const;
  for (const login of [
    { username: "ana\r\nA9 LOGOUT", secret: PASSWORD },
    { username: USER, secret: { kind: "password", password: "p\r\n" } as const },
    { username: USER, secret: { kind: "oauth", accessToken: "t\u0001user=other" } as const },
  ])
    await expect(verifyMail(ports, { imap, ...login })).rejects.toBeInstanceOf(Failure);
  expect(server.asked).toEqual([]);
});

test("a server that repeats what it was sent does not make us repeat it, in the answer or the log", async () => {
  const echoes = [TOKEN, xoauth2(USER, TOKEN), TOKEN.slice(5, 40), xoauth2(USER, TOKEN).slice(100, 160)];
  for (const echo of echoes) {
    const { result, all } = await logIn({ protocol: "imap", script: imapRefusal(`NO got <${echo}>`) });
    expect(result).toMatchObject({ server_said: expect.stringMatching(/^got <(?:\[redacted\])+>?$/) });
    expect(all).not.toContain("t0k3nt0k");
    expect(all).not.toContain(xoauth2(USER, TOKEN).slice(100, 120));
  }
  const { all } = await logIn({ protocol: "smtp", script: smtpRefusal('535 bad pass"word\\1!'), secret: PASSWORD });
  expect(all).not.toMatch(/word.{1,3}1/);
});

test("what a server said is one printable line of at most 200 characters", async () => {
  const said = `NO \u001b[31mred\u0007\u202e \u2028 ${"long ".repeat(100)}`;
  const { result } = await logIn({ protocol: "imap", script: imapRefusal(said) });
  const text = result.ok ? "" : (result.server_said ?? "");
  expect(text).toMatch(/^ ?\[31mred long long .*…$/u);
  expect(text.length).toBe(200);
  expect(text).not.toMatch(/\p{C}/u);
});
