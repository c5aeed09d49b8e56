import { expect, test } from "vitest";
import { failure } from "../../src/lib/errors.ts";
import type { Outbound, Sender } from "../../src/lib/http.ts";
import { createResolver } from "../../src/mail/verify/resolve.ts";

const nothing = { Status: 0 };
const unknownName = { Status: 3 };
const address = (type: number) => ({ Status: 0, Answer: [{ type, data: "x" }] });

/** A resolver's answers to A and AAAA, and what it was asked. */
function answering(a: unknown, aaaa: unknown): { sender: Sender; asked: Outbound[] } {
  const asked: Outbound[] = [];
  const sender: Sender = {
    async send(outbound) {
      asked.push(outbound);
      const said = new URL(outbound.url).searchParams.get("type") === "A" ? a : aaaa;
      if (said === "down") throw failure("provider_unavailable", "no answer");
      const [status, text] = typeof said === "number" ? [said, "no"] : [200, JSON.stringify(said)];
      return { status, headers: new Headers(), text, retryAfterS: undefined, tries: 1 };
    },
  };
  return { sender, asked };
}

test.each([
  ["has an IPv4 address", address(1), nothing, true],
  ["has an IPv6 address alone", nothing, address(28), true],
  ["is an alias that leads nowhere", { Status: 0, Answer: [{ type: 5 }] }, nothing, false],
  ["does not exist", unknownName, unknownName, false],
  ["exists without an address", nothing, nothing, false],
  ["cannot be asked for", "down", "down", undefined],
  ["cannot be asked for in part", unknownName, "down", undefined],
  ["is refused by the resolver", { Status: 2 }, { Status: 2 }, undefined],
  ["gets an answer that is none", 500, "what", undefined],
] as const)("of a host that %s it is known", async (_, a, aaaa, expected) => {
  expect(await createResolver(answering(a, aaaa).sender)("imap.example.com")).toBe(expected);
});

test("nothing but the host's name is told to the resolver", async () => {
  const { sender, asked } = answering(address(1), nothing);
  await createResolver(sender)("imap.example.com");
  expect(asked.map(({ url }) => url.toString())).toEqual([
    "https://cloudflare-dns.com/dns-query?name=imap.example.com&type=A",
    "https://cloudflare-dns.com/dns-query?name=imap.example.com&type=AAAA",
  ]);
});
