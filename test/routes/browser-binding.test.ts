import { expect, test } from "vitest";
import { call, signIn } from "../support.ts";
import { begin, comeBack } from "./flow.ts";
import { problemOf } from "./security.ts";

const INVALID = { status: 400, code: "state_invalid" };
const START = "/api/v1/auth/microsoft/?mode=redirect";

/** A sign-in that a browser began here: the callback's URL, and the cookie as the browser sends it back. */
async function inBrowser(sub: string, person = "ana", query = ""): Promise<{ callback: string; cookie: string }> {
  const answer = await call(`${START}${query}`, { sub });
  const cookie = /^[^;]+/.exec(answer.headers.get("Set-Cookie") ?? "")?.[0] ?? "";
  return { callback: await signIn(answer.headers.get("Location") ?? "", person), cookie };
}

test("the cookie can only be set by this very host, is kept from scripts, and lives as long as the sign-in", async () => {
  const answer = await call(START, { sub: "bb-cookie" });
  const [pair = "", ...attributes] = (answer.headers.get("Set-Cookie") ?? "").split("; ");
  expect(pair).toMatch(/^__Host-latchkey-[0-9a-z]{24}=[\w-]{43}$/);
  expect(attributes.toSorted()).toEqual(["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"]);
});

test("the browser that began a sign-in finishes it, and loses the cookie", async () => {
  const { callback, cookie } = await inBrowser("bb-good");
  const answer = await comeBack(callback, "bb-good", { Cookie: cookie });
  expect(answer.status).toBe(200);
  const [name] = cookie.split("=");
  expect(answer.headers.get("Set-Cookie")).toMatch(new RegExp(`^${name}=; Max-Age=0; Path=/`));
});

test("a browser without the cookie cannot finish it: a link that was sent to somebody ties nothing", async () => {
  const { callback } = await inBrowser("bb-none");
  expect(await problemOf(await comeBack(callback, "bb-none"))).toMatchObject(INVALID);
});

test("neither can a browser with another sign-in's cookie, or with a cookie of its own making", async () => {
  const mine = await inBrowser("bb-mine");
  const other = await inBrowser("bb-other");
  expect(await problemOf(await comeBack(mine.callback, "bb-mine", { Cookie: other.cookie }))).toMatchObject(INVALID);
  const again = await inBrowser("bb-mine");
  const [name] = again.cookie.split("=");
  const forged = `${name}=${"A".repeat(43)}`;
  expect(await problemOf(await comeBack(again.callback, "bb-mine", { Cookie: forged }))).toMatchObject(INVALID);
});

test("a cookie without the host's prefix does not count", async () => {
  const { callback, cookie } = await inBrowser("bb-prefix");
  const weaker = cookie.replace("__Host-", "");
  expect(await problemOf(await comeBack(callback, "bb-prefix", { Cookie: weaker }))).toMatchObject(INVALID);
});

test("a failed attempt without the cookie ends the sign-in for everybody", async () => {
  const { callback, cookie } = await inBrowser("bb-over");
  await comeBack(callback, "bb-over");
  expect(await problemOf(await comeBack(callback, "bb-over", { Cookie: cookie }))).toMatchObject(INVALID);
});

test("two sign-ins of one browser do not overwrite each other's cookie", async () => {
  const first = await inBrowser("bb-tabs");
  const second = await inBrowser("bb-tabs", "bo");
  const both = { Cookie: `${second.cookie}; ${first.cookie}` };
  const answers = [await comeBack(first.callback, "bb-tabs", both), await comeBack(second.callback, "bb-tabs", both)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});

test("a return_to works with the cookie, and without it nobody is sent anywhere", async () => {
  const query = `&return_to=${encodeURIComponent("https://app.test/done")}`;
  const good = await inBrowser("bb-return", "ana", query);
  const answer = await comeBack(good.callback, "bb-return", { Cookie: good.cookie });
  expect(answer.headers.get("Location")).toMatch(/^https:\/\/app\.test\/done\?connection=con_[0-9a-z]{24}$/);
  const bad = await inBrowser("bb-return", "ana", query);
  const refused = await comeBack(bad.callback, "bb-return");
  expect(refused.headers.get("Location")).toBeNull();
  expect(await problemOf(refused)).toMatchObject(INVALID);
});

test("a sign-in that an application began needs no cookie", async () => {
  const { authorization_url: url } = await begin({ sub: "bb-app" });
  expect((await comeBack(await signIn(url, "ana"), "bb-app")).status).toBe(200);
});
