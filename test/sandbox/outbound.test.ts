import { expect, it } from "vitest";
import { CLIENT_ID, CLIENT_SECRET } from "./defaults.ts";
import { GRAPH, LOGIN, REDIRECT_URI, type Json } from "./driver.ts";

const SCOPE = `openid profile offline_access ${GRAPH}/User.Read`;

it("answers the provider's own host names when it stands behind every outbound request", async () => {
  const answer = await fetch(`${LOGIN}/common/v2.0/.well-known/openid-configuration`);
  expect(await answer.json()).toMatchObject({
    issuer: `${LOGIN}/{tenantid}/v2.0`,
    msgraph_host: "graph.microsoft.com",
  });
});

it("keeps what one request did for the next: from sign-in to the profile", async () => {
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    auto: "ana",
  });
  const signedIn = await fetch(`${LOGIN}/common/oauth2/v2.0/authorize?${query.toString()}`, { redirect: "manual" });
  await signedIn.text();
  const code = new URL(signedIn.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const fields = {
    grant_type: "authorization_code",
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uri: REDIRECT_URI,
    code,
    scope: SCOPE,
  };
  const redeemed = await fetch(`${LOGIN}/common/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams(fields),
  });
  const { access_token: token } = await redeemed.json<Json>();
  const profile = await fetch(`${GRAPH}/v1.0/me`, { headers: { Authorization: `Bearer ${String(token)}` } });
  expect(await profile.json()).toMatchObject({ displayName: "Ana Rossi" });
});

it("loses an answer for real: the caller's fetch rejects, and the next one does not", async () => {
  const url = `${LOGIN}/common/discovery/v2.0/keys`;
  const body = JSON.stringify({ path: "/common/discovery", drop: "after" });
  expect((await fetch(`${LOGIN}/_sandbox/faults`, { method: "POST", body })).status).toBe(201);
  await expect(fetch(url)).rejects.toThrow("the connection was lost");
  expect((await fetch(url)).status).toBe(200);
});
