import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Failure } from "../../src/lib/errors.ts";
import { oauthbearer, plain, xoauth2 } from "../../src/mail/sasl.ts";

const decode = (text: string) => new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));

/** What could mean something to a protocol, and what is longer in UTF-8. */
const UNITS = [
  "a",
  "=",
  ",",
  "@",
  " ",
  '"',
  "\\",
  "ä",
  "€",
  "😀",
  "\u0000",
  "\u0001",
  "\r",
  "\n",
  "\u007f",
  "\u0085",
  "\u00a0",
];

/** The path of the field that was refused. */
function refused(act: () => string): string | undefined {
  try {
    return void act();
  } catch (error) {
    return error instanceof Failure && error.code === "validation_failed" ? error.extra.errors?.[0]?.path : "other";
  }
}

test("XOAUTH2 of the known example", () => {
  expect(xoauth2("ana@contoso.example", "tok123")).toBe("dXNlcj1hbmFAY29udG9zby5leGFtcGxlAWF1dGg9QmVhcmVyIHRvazEyMwEB");
});

test("OAUTHBEARER of RFC 7628, section 4.1", () => {
  expect(
    oauthbearer({
      user: "user@example.com",
      host: "server.example.com",
      port: 143,
      accessToken: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
    }),
  ).toBe(
    "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
  );
});

test("PLAIN of RFC 4616, section 4", () => {
  expect(decode(plain("tim", "tanstaaftanstaaf"))).toBe("\0tim\0tanstaaftanstaaf");
});

test("commas and equal signs of a user name are escaped in OAUTHBEARER alone", () => {
  const user = "a=b,c@example.com";
  const bearer = oauthbearer({ user, host: "h.example", port: 993, accessToken: "t" });
  expect(decode(bearer).split("\u0001")[0]).toBe("n,a=a=3Db=2Cc@example.com,");
  expect(decode(xoauth2(user, "t")).split("\u0001")[0]).toBe("user=a=b,c@example.com");
});

test("names beyond ASCII travel as UTF-8, long tokens in one line", () => {
  const token = "ä".repeat(4000);
  expect(decode(xoauth2("żółw@example.com", token))).toBe(
    `user=żółw@example.com\u0001auth=Bearer ${token}\u0001\u0001`,
  );
  expect(xoauth2("a@example.com", token)).toMatch(/^[\w+/]+=*$/);
});

test("whatever the user name and the token, both mechanisms say these two and nothing else", () => {
  const text = fc.string({ unit: fc.constantFrom(...UNITS), minLength: 1, maxLength: 20 });
  const isControl = (code: number) => code < 0x20 || (code >= 0x7f && code < 0xa0);
  const control = (value: string) => Array.from(value).some((char) => isControl(char.codePointAt(0) ?? 0));
  const says = (make: () => string) => refused(make) ?? decode(make()).split("\u0001");
  fc.assert(
    fc.property(text, text, (user, accessToken) => {
      const wrong = control(user) ? "user" : control(accessToken) ? "access_token" : undefined;
      const shown = `auth=Bearer ${accessToken}`;
      const bearer = says(() => oauthbearer({ user, host: "h.example", port: 993, accessToken })).slice(1);
      const pairs = [says(() => xoauth2(user, accessToken)), bearer];
      const expected = [
        wrong ?? [`user=${user}`, shown, "", ""],
        wrong?.slice(1) ?? ["host=h.example", "port=993", shown, "", ""],
      ];
      expect(JSON.stringify(pairs)).toBe(JSON.stringify(expected));
    }),
    { numRuns: 60 },
  );
});

test.each(["\u0000", "\u0001", "\t", "\n", "\r", "\u001f", "\u007f"])(
  "a control character is refused by the field it stands in: %j",
  (bad) => {
    expect(refused(() => xoauth2(`a${bad}auth=Bearer other`, "t"))).toBe("user");
    expect(refused(() => xoauth2("a", `t${bad}`))).toBe("access_token");
    expect(refused(() => oauthbearer({ user: "a", host: `h${bad}`, port: 1, accessToken: "t" }))).toBe("host");
    expect(refused(() => plain(`a${bad}`, "p"))).toBe("username");
    expect(refused(() => plain("a", `p${bad}`))).toBe("password");
  },
);

test("a user without a name and an empty token are refused", () => {
  expect(refused(() => xoauth2("", "t"))).toBe("user");
  expect(refused(() => xoauth2("a", ""))).toBe("access_token");
});
