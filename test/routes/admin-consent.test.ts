import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { altered, begin, comeBack } from "./flow.ts";
import { problemOf } from "./security.ts";

const CALLBACK = "https://latchkey.test/api/v1/auth/microsoft/callback";

const MANAGER = "https://latchkey.test/api/v1/oauth/callback";

/** Where Microsoft sends an administrator who answers the page of admin consent. */
async function administrator(auto: "accept" | "cancel", redirectUri = CALLBACK): Promise<string> {
  const query = { client_id: env.MICROSOFT_CLIENT_ID, redirect_uri: redirectUri, auto };
  const url = `https://login.microsoftonline.com/organizations/adminconsent?${new URLSearchParams(query).toString()}`;
  const answer = await fetch(url, { redirect: "manual" });
  return answer.headers.get("Location") ?? "";
}

test("an administrator who consented is told so, and nobody is connected by it", async () => {
  const url = await administrator("accept");
  expect(new URL(url).searchParams.get("admin_consent")).toBe("True");
  const before = await env.DB.prepare("select count(*) as rows from connections").first();
  const answer = await comeBack(url, "cb-admin");
  expect([answer.status, await answer.json()]).toEqual([200, { admin_consent: true }]);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(await env.DB.prepare("select count(*) as rows from connections").first()).toEqual(before);
});

test("an administrator who declined is told so, although Microsoft writes admin_consent=True there too", async () => {
  const url = await administrator("cancel");
  expect(new URL(url).searchParams.get("admin_consent")).toBe("True");
  expect(await problemOf(await comeBack(url, "cb-admin-no"))).toMatchObject({ status: 400, code: "consent_denied" });
});

test("an administrator's answer beside a state is the answer of that sign-in", async () => {
  const { state } = await begin({ sub: "cb-admin-state" });
  const url = altered(`${CALLBACK}?admin_consent=True`, { state });
  expect(await problemOf(await comeBack(url, "cb-admin-state"))).toMatchObject({ status: 400, code: "state_invalid" });
});

test.each(["microsoft", "outlook"])(
  "an administrator sent by a sign-in at %s through the manager is answered there too",
  async (provider) => {
    const url = await administrator("accept", `${MANAGER}/${provider}`);
    const answer = await comeBack(url, "cb-admin-manager");
    expect([answer.status, await answer.json()]).toEqual([200, { admin_consent: true }]);
    const declined = await administrator("cancel", `${MANAGER}/${provider}`);
    expect(await problemOf(await comeBack(declined, "cb-admin-manager"))).toMatchObject({ code: "consent_denied" });
  },
);

test("where no administrator is ever sent, nobody's consent is believed", async () => {
  const answer = await comeBack(`${MANAGER}/google?admin_consent=True`, "cb-admin-google");
  expect(await problemOf(answer)).toMatchObject({ status: 400, code: "state_invalid" });
});
