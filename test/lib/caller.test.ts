import { SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { type Caller, createCallerVerifier, requireAccess } from "../../src/lib/caller.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { attempt } from "../../src/lib/errors.ts";

const SECRET = "a-secret-of-thirty-two-bytes-or-so";
const now = () => Math.floor(Date.now() / 1000);

function sign(claims: Record<string, unknown>, secret = SECRET, alg = "HS256"): Promise<string> {
  return new SignJWT({ exp: now() + 300, ...claims })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(secret));
}

/** The caller of a token, or the failure as `code: detail`. */
async function verify(token: string | undefined, env: Record<string, string> = {}): Promise<Caller | string> {
  const callers = createCallerVerifier(parseConfig({ JWT_SECRET_KEY: SECRET, ...env }));
  const result = await attempt(() => callers.verify(token && `Bearer ${token}`));
  return result.ok ? result.value : `${result.failure.code}: ${result.failure.detail}`;
}

const CLAIM = "unauthenticated: A claim of the token is missing or not the expected one (exp, nbf, iss, aud).";
const EXPIRED = "unauthenticated: The token has expired.";
const SIGNATURE = "unauthenticated: The token's signature is not valid.";
const ALGORITHM = "unauthenticated: The token is signed with an algorithm that is not accepted here.";

test("a token says who calls, whose grants are meant in each system, and what the caller may do", async () => {
  const caller = await verify(
    await sign({ sub: "ana", teacher_id: "t-7", roles: ["operator"], scope: "tokens:read  proxy" }),
  );
  expect(caller).toEqual({
    subject: "ana",
    owners: { main: "ana", beta: "teacher:t-7" },
    org: undefined,
    roles: ["operator"],
    permissions: ["tokens:read", "proxy"],
  });
});

test("without roles a caller is a user, without scope there are no permissions", async () => {
  expect(await verify(await sign({ sub: "ana" }))).toMatchObject({ roles: ["user"], permissions: [] });
});

test("a numeric teacher_id is the same teacher as its text, and never a subject of that number", async () => {
  const beta = async (claims: Record<string, unknown>) => {
    const caller = await verify(await sign(claims));
    return typeof caller === "string" ? caller : caller.owners.beta;
  };
  expect(await beta({ sub: "x", teacher_id: 42 })).toBe(await beta({ sub: "x", teacher_id: "42" }));
  expect(await beta({ sub: "42" })).not.toBe(await beta({ sub: "x", teacher_id: 42 }));
  expect(await beta({ sub: "teacher:42" })).not.toBe(await beta({ sub: "x", teacher_id: 42 }));
});

test.each([
  ["a text", "contoso", "contoso"],
  ["a number", 42, "42"],
  ["nothing", undefined, undefined],
  ["an empty text", "", undefined],
  ["an endless text", "o".repeat(201), undefined],
  ["something else of that name", { id: "contoso" }, undefined],
  ["half a character", "\u{d800}", undefined],
])(
  "a token with %s as its org is of that organisation, or of none, and good for the rest",
  async (_what, org, read) => {
    expect(await verify(await sign({ sub: "ana", org }))).toMatchObject({ subject: "ana", org: read });
  },
);

test("only an administrator of a tenant may manage its directory", async () => {
  const caller = await verify(await sign({ sub: "ana", org: "contoso", roles: ["operator", "user"] }));
  if (typeof caller === "string") throw new Error(caller);
  expect(() => requireAccess(caller, "tenant_directory")).toThrow("This needs the role tenant_admin.");
  expect(() => requireAccess({ ...caller, roles: ["tenant_admin"] }, "tenant_directory")).not.toThrow();
});

test.each([
  ["no expiry", { exp: undefined }, CLAIM],
  ["an expiry that is not a number", { exp: "tomorrow" }, /^unauthenticated: /],
  ["an expiry 65 s ago", { exp: now() - 65 }, EXPIRED],
  ["a start in 65 s", { nbf: now() + 70 }, CLAIM],
  ["no subject", { sub: undefined }, "unauthenticated: The token's claim sub is missing or not valid."],
  ["an empty subject", { sub: "" }, "unauthenticated: The token's claim sub is missing or not valid."],
  ["an endless subject", { sub: "a".repeat(201) }, "unauthenticated: The token's claim sub is missing or not valid."],
  [
    "roles that are no list",
    { roles: "operator" },
    "unauthenticated: The token's claim roles is missing or not valid.",
  ],
  ["a teacher_id that is neither", { teacher_id: 1.5 }, /^unauthenticated: The token's claim teacher_id/],
])("a token with %s is refused", async (_what, claims, refusal) => {
  expect(await verify(await sign({ sub: "ana", ...claims }))).toMatch(refusal);
});

test.each([
  ["expired 50 s ago", { exp: now() - 50 }],
  ["good from 50 s on", { nbf: now() + 50 }],
])("a token that is %s is within the clock skew of 60 s", async (_what, claims) => {
  expect(await verify(await sign({ sub: "ana", ...claims }))).toMatchObject({ subject: "ana" });
});

test("issuer and audience are checked where they are configured, and only there", async () => {
  const env = { JWT_ISSUER: "https://id.example.com", JWT_AUDIENCE: "latchkey" };
  const good = { sub: "ana", iss: "https://id.example.com", aud: ["other", "latchkey"] };
  expect(await verify(await sign(good), env)).toMatchObject({ subject: "ana" });
  expect(await verify(await sign({ ...good, iss: "https://id.example.com/" }), env)).toBe(CLAIM);
  expect(await verify(await sign({ ...good, aud: "other" }), env)).toBe(CLAIM);
  expect(await verify(await sign({ sub: "ana" }), env)).toBe(CLAIM);
  expect(await verify(await sign({ ...good, iss: "anything", aud: "anything" }))).toMatchObject({ subject: "ana" });
});

test("a token of another secret, or an altered one, is refused", async () => {
  const token = await sign({ sub: "ana" });
  const [header, , signature] = token.split(".");
  const forged = btoa(JSON.stringify({ sub: "bob", exp: now() + 300 })).replaceAll("=", "");
  expect(await verify(await sign({ sub: "ana" }, `${SECRET}!`))).toBe(SIGNATURE);
  expect(await verify(`${header}.${forged}.${signature}`)).toBe(SIGNATURE);
});

test("only HS256 is taken where a secret is configured", async () => {
  expect(await verify(await sign({ sub: "ana" }, SECRET.repeat(2), "HS512"))).toBe(ALGORITHM);
  const unsigned = new UnsecuredJWT({ sub: "ana" }).setExpirationTime("5m").encode();
  expect(await verify(unsigned)).toMatch(/^unauthenticated: /);
  expect(await verify(`${unsigned}AAAA`)).toBe(ALGORITHM);
});

test.each([
  undefined,
  "",
  "Basic YTpi",
  "Bearer",
  "Bearer ",
  "Bearer abc",
  "Bearer a.b",
  "Bearer a.b.c.d",
  "Token a.b.c",
])("the header %j carries no token", async (header) => {
  const callers = createCallerVerifier(parseConfig({ JWT_SECRET_KEY: SECRET }));
  await expect(callers.verify(header)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("the scheme is read without regard to case", async () => {
  const callers = createCallerVerifier(parseConfig({ JWT_SECRET_KEY: SECRET }));
  expect(await callers.verify(`bearer ${await sign({ sub: "ana" })}`)).toMatchObject({ subject: "ana" });
});

test("where no key is configured nobody is told that their token is bad", async () => {
  const callers = createCallerVerifier(parseConfig({}));
  await expect(callers.verify(`Bearer ${await sign({ sub: "ana" })}`)).rejects.toMatchObject({ code: "internal" });
});

const ROLES = ["user", "tenant_admin", "operator", "service"];

test("roles and permissions open what the table says and nothing more", async () => {
  const caller = async (roles?: string[]) => {
    const checked = await verify(await sign({ sub: "ana", ...(roles && { roles }) }));
    if (typeof checked === "string") throw new Error(checked);
    return checked;
  };
  const allowed = async (roles: string[] | undefined, access: "own_connections" | "token_health") => {
    const who = await caller(roles);
    return (await attempt(() => Promise.resolve().then(() => requireAccess(who, access)))).ok;
  };
  expect(await Promise.all(ROLES.map((role) => allowed([role], "own_connections")))).toEqual([true, true, true, true]);
  expect(await allowed(undefined, "own_connections")).toBe(true);
  expect(await allowed([], "own_connections")).toBe(false);
  expect(await allowed(["stranger"], "own_connections")).toBe(false);
  expect(await Promise.all(ROLES.map((role) => allowed([role], "token_health")))).toEqual([false, false, true, false]);
});
