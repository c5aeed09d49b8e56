import { expect, test } from "vitest";
import { isPublicUrl } from "../../src/lib/public-address.ts";

test.each([
  "https://hooks.example.com/in?a=b",
  "http://hooks.example.com:8080",
  "https://example.com./",
  "https://xn--bcher-kva.example",
  "https://notlocalhost.example",
  "https://local.example",
  "https://8.8.8.8/",
  "https://172.15.0.1/",
  "https://172.32.0.1/",
  "https://100.63.255.255/",
  "https://100.128.0.1/",
  "https://[2606:4700::1111]/",
])("%s is public", (url) => {
  expect(isPublicUrl(url)).toBe(true);
  expect(isPublicUrl(new URL(url))).toBe(true);
});

test.each([
  ["loopback", ["127.0.0.1", "127.255.255.254", "127.1", "0x7f.0.0.1", "017700000001", "2130706433", "127.0.0.1."]],
  ["private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]],
  ["link-local", ["169.254.169.254", "[fe80::1]", "[fec0::1]"]],
  ["shared by a carrier", ["100.64.0.1", "100.127.255.255"]],
  ["unspecified", ["0.0.0.0", "0", "0.1.2.3", "[::]"]],
  ["multicast or broadcast", ["224.0.0.1", "255.255.255.255", "[ff02::1]"]],
  ["reserved or documentation", ["240.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"]],
  ["reserved in IPv6", ["[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]", "[4000::1]"]],
  ["local in IPv6", ["[::1]", "[fc00::1]", "[fd12:3456::1]"]],
  ["IPv4 inside IPv6", ["[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]"]],
  ["translated", ["[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"]],
  ["this machine", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain"]],
  [
    "a local network",
    ["printer.local", "db.internal", "metadata.google.internal", "nas.lan", "box.home.arpa", "x.corp"],
  ],
  ["of a single label", ["intranet", "db", "internal", "com."]],
  ["not a name", ["example..com", "example.com.."]],
])("what is %s is not public", (_, hosts) => {
  for (const host of hosts) expect([host, isPublicUrl(`https://${host}/`)]).toEqual([host, false]);
});

test("only http and https lead anywhere", () => {
  for (const url of [
    "ftp://example.com",
    "file:///etc/passwd",
    "data:text/plain,a",
    "blob:https://a.example/1",
    "",
    "//a",
  ])
    expect([url, isPublicUrl(url)]).toEqual([url, false]);
});
