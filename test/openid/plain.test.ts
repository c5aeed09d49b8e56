import { afterAll, beforeAll, expect, test } from "vitest";
import { Caller } from "./driver.ts";
import { type Script, type Scripted, startScripted, straightBack } from "./plain-provider.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const CLIENT = { client_id: "app", client_secret: "a-secret", client_authentication: "post" };
const OCTOCAT = { id: 583_231, login: "octocat", name: "The Octocat", email: null, avatar_url: "https://a.example/1" };

let scripted: Scripted;
let worker: RunningWorker;

beforeAll(async () => {
  scripted = await startScripted(() => ({
    "/authorize": straightBack,
    "/github/token": githubToken,
    "/github/user": (_, { headers }) =>
      headers.authorization === "Bearer gho_1"
        ? { json: OCTOCAT }
        : { json: { message: "Bad credentials" }, status: 401 },
    "/bare/token": () => ({ json: { access_token: "bare-1", expires_in: "3600", refresh_token: "bare-r" } }),
    "/short/token": () => ({ json: { access_token: "short-1", token_type: "bearer", expires_in: 3600 } }),
  }));
  worker = await startWorker({
    variables: { ENVIRONMENT: "development", CUSTOM_PROVIDERS: JSON.stringify(entries()) },
  });
});

afterAll(async () => {
  await worker.stop();
  await scripted.stop();
});

/** As GitHub answers: a refusal comes with 200, and scopes with commas. */
const githubToken: Script = (form) => {
  if (form.get("client_secret") !== CLIENT.client_secret) return { json: { error: "incorrect_client_credentials" } };
  const kind = form.get("grant_type");
  if (kind === "refresh_token") return { json: { error: "bad_refresh_token", error_description: "It is incorrect." } };
  if (form.get("code") !== "good-code") return { json: { error: "bad_verification_code" } };
  return { json: { access_token: "gho_1", scope: "repo,read:user", token_type: "bearer" } };
};

function entries() {
  const own = (id: string, more: object) => ({
    ...CLIENT,
    id,
    name: id,
    authorization_endpoint: `${scripted.origin}/authorize`,
    token_endpoint: `${scripted.origin}/${id.split("-")[0]}/token`,
    ...more,
  });
  const github = {
    userinfo_endpoint: `${scripted.origin}/github/user`,
    account_fields: { account: "id", name: "login", picture: "avatar_url" },
    scopes: ["repo", "read:user"],
  };
  return [
    own("github", github),
    own("github-wrong", { ...github, client_secret: "another" }),
    own("bare", {}),
    own("short", {}),
  ];
}

let people = 0;
const somebody = () => new Caller(worker, `plain-${(people += 1)}`);

test("a service that numbers its people and writes scopes with commas is connected by its endpoints alone", async () => {
  const ana = somebody();
  const { id } = await ana.connect("github");
  const { body } = await ana.send("GET", `/integrations/${id}/token`);
  expect(body).toMatchObject({ access_token: "gho_1", expires_at: null, scopes: ["repo", "read:user"] });
  const shown = await ana.send("GET", `/integrations/${id}`);
  expect(JSON.stringify(shown.body)).toContain("octocat");
  expect((await ana.connect("github")).id).toBe(id);
});

test("a refusal with the status of a success is a refusal", async () => {
  const ana = somebody();
  const callback = await ana.signIn("github");
  callback.searchParams.set("code", "another-code");
  expect(await ana.callBack(callback)).toMatchObject({ status: 400, body: { code: "state_invalid" } });
  const wrong = await ana.callBack(await ana.signIn("github-wrong"));
  expect(wrong).toMatchObject({ status: 500, body: { code: "provider_misconfigured", mend: "operator" } });
});

test("a token that never dies survives a refresh that cannot be had", async () => {
  const ana = somebody();
  const { id } = await ana.connect("github");
  const refused = await ana.send("POST", `/integrations/${id}/refresh`);
  expect(refused).toMatchObject({ status: 409, body: { code: "reauth_required", reason: "no_refresh_token" } });
  expect(await ana.token(id)).toBe("gho_1");
});

test("a provider that says nothing of anybody gives its owner one connection", async () => {
  const ana = somebody();
  const { id } = await ana.connect("bare");
  expect(await ana.token(id)).toBe("bare-1");
  expect((await ana.connect("bare")).id).toBe(id);
});

test("a token that cannot be renewed serves until it dies, however long it was wanted for", async () => {
  const ana = somebody();
  const { id } = await ana.connect("short");
  await worker.pass(120_000);
  expect(await ana.token(id, "?min_ttl=3600")).toBe("short-1");
  await worker.pass(3_600_000 - 180_000);
  expect(await ana.token(id)).toBe("short-1");
  await worker.pass(60_000);
  const dead = await ana.send("GET", `/integrations/${id}/token`);
  expect(dead).toMatchObject({ status: 409, body: { code: "reauth_required", reason: "no_refresh_token" } });
});
