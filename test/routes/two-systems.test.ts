import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, signIn } from "../support.ts";
import { altered, begin, comeBack, connectionIn } from "./flow.ts";
import { problemOf } from "./security.ts";

const MAIN = "/api/v1";
const BETA = "/api/v1/beta";
const user = (base: string) => `${base}/auth/microsoft/user`;

/** Connects Ana in one system. */
async function connectIn(base: string, claims: { sub: string; teacher_id?: string }) {
  const { authorization_url: url } = await begin(claims, {}, base);
  return connectionIn(await comeBack(await signIn(url, "ana"), claims.sub));
}

// In beta the owner of a teacher's grants is written `teacher:` and the number. A main subject may be that very text.
const teacher = (id: string) => ({ sub: `login-${id}`, teacher_id: id });
const lookAlike = (id: string) => ({ sub: `teacher:${id}` });

test("a main user's token opens nothing in beta, and a beta user's nothing in main, whatever they are called", async () => {
  await connectIn(MAIN, { sub: "11" });
  await connectIn(BETA, teacher("12"));
  const inBeta = [{ sub: "11" }, { sub: "x", teacher_id: "11" }, { sub: "x", teacher_id: 11 }, lookAlike("11")];
  for (const claims of inBeta)
    expect(await problemOf(await call(user(BETA), claims))).toMatchObject({
      code: "not_connected",
      authorize_path: `${BETA}/auth/microsoft/`,
    });
  const inMain = [teacher("12"), { sub: "12" }, { sub: "sub:12" }, lookAlike("12")];
  for (const claims of inMain)
    expect(await problemOf(await call(user(MAIN), claims))).toMatchObject({ code: "not_connected" });
  expect((await call(user(MAIN), { sub: "11" })).status).toBe(200);
  expect((await call(user(BETA), teacher("12"))).status).toBe(200);
});

test("within beta a subject's number is not a teacher's", async () => {
  await connectIn(BETA, teacher("13"));
  expect(await problemOf(await call(user(BETA), { sub: "13" }))).toMatchObject({ code: "not_connected" });
  expect(await problemOf(await call(user(BETA), lookAlike("13")))).toMatchObject({ code: "not_connected" });
  expect((await call(user(BETA), { sub: "another-login", teacher_id: 13 })).status).toBe(200);
});

test("one system's connection has no row in the other, and its id is unknown there", async () => {
  const inMain = await connectIn(MAIN, lookAlike("21"));
  const inBeta = await connectIn(BETA, teacher("22"));
  const ids = async (table: string) =>
    (await env.DB.prepare(`select id from ${table}`).all<{ id: string }>()).results.map(({ id }) => id);
  expect(await ids("beta_connections")).not.toContain(inMain.id);
  expect(await ids("connections")).not.toContain(inBeta.id);
  const crossed = [
    call(`${user(BETA)}?connection=${inMain.id}`, teacher("21")),
    call(`${user(MAIN)}?connection=${inBeta.id}`, lookAlike("22")),
  ];
  for (const answer of await Promise.all(crossed))
    expect(await problemOf(answer)).toMatchObject({ status: 404, code: "not_found" });
});

test.each([
  ["main", MAIN, BETA, lookAlike("31")],
  ["beta", BETA, MAIN, teacher("31")],
])(
  "a state of %s finishes nothing in the other system, and still works in its own",
  async (_name, own, other, claims) => {
    const { authorization_url: url } = await begin(claims, {}, own);
    const callback = await signIn(url, "ana");
    const crossed = new URL(callback);
    crossed.pathname = `${other}/auth/microsoft/callback`;
    expect(await problemOf(await comeBack(crossed, "31"))).toMatchObject({ status: 400, code: "state_invalid" });
    expect((await comeBack(callback, "31")).status).toBe(200);
  },
);

test("a code that was issued for one system's callback is refused in the other's sign-in", async () => {
  const main = await begin(lookAlike("32"), {}, MAIN);
  const beta = await begin(teacher("32"), {}, BETA);
  const code = new URL(await signIn(main.authorization_url, "ana")).searchParams.get("code") ?? "";
  const crossed = altered(await signIn(beta.authorization_url, "bo"), { code });
  expect((await comeBack(crossed, "32")).ok).toBe(false);
  expect(await problemOf(await call(user(BETA), teacher("32")))).toMatchObject({ code: "not_connected" });
});

test.each([
  { from: "main", to: "beta", own: MAIN, other: BETA, owner: lookAlike("41"), twin: teacher("41") },
  { from: "beta", to: "main", own: BETA, other: MAIN, owner: teacher("42"), twin: lookAlike("42") },
])("a row copied from $from into $to, for an owner of the same name, does not open there", async (row) => {
  const { id } = await connectIn(row.own, row.owner);
  const table = (system: string) => (system === "main" ? "connections" : "beta_connections");
  const copy = `insert into ${table(row.to)} select * from ${table(row.from)} where id = ?1`;
  expect((await env.DB.prepare(copy).bind(id).run()).meta.changes).toBe(1);
  expect(await problemOf(await call(user(row.other), row.twin))).toMatchObject({
    status: 500,
    code: "internal",
    detail: "A stored value cannot be opened.",
  });
  expect((await call(user(row.own), row.owner)).status).toBe(200);
});
