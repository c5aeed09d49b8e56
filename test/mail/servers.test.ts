import { expect, test } from "vitest";
import { knownServers, serverErrors } from "../../src/mail/servers.ts";

const hosts = (of: Parameters<typeof knownServers>[0]) => {
  const servers = knownServers(of);
  const { imap, smtp } = servers ?? {};
  return servers && [imap, smtp].map((one) => `${one?.host}:${one?.port} ${one?.security}`).join(", ");
};

test.each([
  ["ana@contoso.example", "outlook", "global", "outlook.office365.com:993 tls, smtp.office365.com:587 starttls"],
  ["ana@contoso.example", "outlook", "usgov", "outlook.office365.us:993 tls, smtp.office365.us:587 starttls"],
  ["ana@contoso.example", "outlook", "china", "partner.outlook.cn:993 tls, smtp.partner.outlook.cn:587 starttls"],
  ["ana@contoso.example", "outlook", "dod", undefined],
  ["ana@outlook.com", "outlook", "global", "outlook.office365.com:993 tls, smtp-mail.outlook.com:587 starttls"],
  ["ana@contoso.example", "google", "global", "imap.gmail.com:993 tls, smtp.gmail.com:465 tls"],
] as const)("the grant's provider knows the servers of %s at %s, cloud %s", (address, provider, cloud, expected) => {
  expect(hosts({ address, provider, cloud })).toBe(expected);
});

test.each([
  ["ana@gmail.com", "imap.gmail.com:993 tls, smtp.gmail.com:465 tls"],
  ["Ana@GoogleMail.com", "imap.gmail.com:993 tls, smtp.gmail.com:465 tls"],
  ["ana@hotmail.co.uk", "outlook.office365.com:993 tls, smtp-mail.outlook.com:587 starttls"],
  ["ana@live.com.au", "outlook.office365.com:993 tls, smtp-mail.outlook.com:587 starttls"],
  ["ana@msn.com", "outlook.office365.com:993 tls, smtp-mail.outlook.com:587 starttls"],
  ["ana@icloud.com", "imap.mail.me.com:993 tls, smtp.mail.me.com:587 starttls"],
  ["ana@contoso.example", undefined],
  ["ana@outlook.com.evil.example", undefined],
  ["ana@myhotmail.com", undefined],
  ["ana", undefined],
])("without a grant the domain of %s says where its mail is, or nobody", (address, expected) => {
  expect(hosts({ address, cloud: "global" })).toBe(expected);
});

const paths = (host: string, port: number, protocol: "imap" | "smtp", development = false) =>
  serverErrors({ host, port }, { protocol, development }).map(({ path }) => path);

test("mail ports of public hosts may be talked to, each with its own protocol", () => {
  for (const port of [143, 993]) expect(paths("imap.example.com", port, "imap")).toEqual([]);
  for (const port of [465, 587, 2525]) expect(paths("smtp.example.com", port, "smtp")).toEqual([]);
  expect(paths("8.8.8.8", 993, "imap")).toEqual([]);
  expect(paths("2606:4700::1111", 993, "imap")).toEqual([]);
});

test.each([0, 22, 25, 80, 443, 465, 995, 3306, 10_993, 65_536, -1, 993.5])("port %s is none of IMAP's", (port) => {
  expect(paths("imap.example.com", port, "imap")).toEqual(["port"]);
});

test.each([
  ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"],
  ["localhost", "imap.internal", "mail.lan", "mail", "imap.localhost"],
  // Ways of writing 127.0.0.1 and 8.8.8.8 that resolvers and we may read differently.
  ["0x7f.1", "2130706433", "127.1", "0x8.8.8.8", "010.8.8.8", "134744072"],
])("no private, local or oddly written host: %s", (...all) => {
  for (const host of all) expect([host, paths(host, 993, "imap")]).toEqual([host, ["host"]]);
});

test.each([
  "",
  "a b",
  "imap.example.com/x",
  "imap.example.com:993",
  "user@imap.example.com",
  "a..example",
  "[::1]",
  ":::",
  "fe80::1%eth0",
  "-a.example",
  "a\u0000.example",
  "imap.example.com\r\n",
])("%j is no host, in development neither", (host) => {
  expect(paths(host, 993, "imap")).toEqual(["host"]);
  expect(paths(host, 993, "imap", true)).toEqual(["host"]);
});

test("development allows loopback and any port that needs no privilege", () => {
  for (const host of ["127.0.0.1", "localhost", "::1"]) expect(paths(host, 10_993, "imap", true)).toEqual([]);
  expect(paths("localhost", 143, "imap", true)).toEqual([]);
  for (const port of [22, 25, 1023, 65_536]) expect(paths("localhost", port, "smtp", true)).toEqual(["port"]);
});
