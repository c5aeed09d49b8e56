import { afterAll, expect, test } from "vitest";
import { CLIENT_CERTIFICATE, CLIENT_CERTIFICATE_KEY, STRANGER } from "../sandbox/certificates.ts";
import { CLIENT_ID, CLIENT_SECRET } from "../sandbox/defaults.ts";
import { Caller, type Integration, type Reply } from "./driver.ts";
import { PUBLIC_URL, type RunningWorker, startWorker } from "./worker.ts";

const REGISTERED = `${CLIENT_CERTIFICATE_KEY}\n${CLIENT_CERTIFICATE}`;
const LOGIN = "https://login.microsoftonline.com";

const started: RunningWorker[] = [];

afterAll(async () => {
  for (const one of started) await one.stop();
});

/** A Worker that proves itself so, before a stand-in of its own. */
async function workerWith(proof: Readonly<Record<string, string>>): Promise<RunningWorker> {
  const worker = await startWorker({ outbound: "sandbox", variables: { MICROSOFT_CLIENT_ID: CLIENT_ID, ...proof } });
  started.push(worker);
  return worker;
}

/** Signs in as ana, and gives what the callback answered. */
async function signIn(worker: RunningWorker, caller: Caller): Promise<Reply> {
  const { body } = await caller.send("POST", "/authorize", { provider: "microsoft" });
  const page = await worker.standIn(`${String(body["authorization_url"])}&auto=ana`);
  return caller.callBack(new URL(page.headers.get("Location") ?? ""));
}

/** How each token request proved its sender, and what was answered. */
async function proofs(worker: RunningWorker): Promise<string[]> {
  const answer = await worker.standIn(`${LOGIN}/_sandbox/requests?path=/common/oauth2/v2.0/token`);
  const { requests } = (await answer.json()) as { requests: { form: object; status: number }[] };
  return requests.map(({ form, status }) => `${proofIn(form)} ${status}`);
}

function proofIn(form: object): string {
  const [assertion, secret] = ["client_assertion" in form, "client_secret" in form];
  return assertion && secret ? "both" : assertion ? "assertion" : secret ? "secret" : "nothing";
}

test("a certificate alone connects and refreshes, with an assertion for each request", async () => {
  const worker = await workerWith({ MICROSOFT_CLIENT_CERTIFICATE: REGISTERED.replaceAll("\n", String.raw`\n`) });
  const ana = new Caller(worker, "ana");
  const { status, body } = await signIn(worker, ana);
  expect(status).toBe(200);
  const { id } = body["connection"] as Integration;
  for (let again = 0; again < 2; again += 1)
    expect(await ana.send("POST", `/integrations/${id}/refresh`)).toMatchObject({ status: 200 });
  expect(await proofs(worker)).toEqual(["assertion 200", "assertion 200", "assertion 200"]);
  // An answer that is lost: the second try is not taken for a replay of the first's assertion.
  await worker.standIn(`${LOGIN}/_sandbox/faults`, { path: "/common/oauth2/v2.0/token", drop: "after" });
  expect(await ana.send("POST", `/integrations/${id}/refresh`)).toMatchObject({ status: 200 });
  expect((await proofs(worker)).slice(3)).toEqual(["assertion 0", "assertion 200"]);
});

test("a secret serves where the certificate is refused", async () => {
  const both = { MICROSOFT_CLIENT_CERTIFICATE: STRANGER, MICROSOFT_CLIENT_SECRET: CLIENT_SECRET };
  const worker = await workerWith(both);
  const ana = new Caller(worker, "ana");
  const { body } = await signIn(worker, ana);
  const { id } = body["connection"] as Integration;
  expect(await ana.send("POST", `/integrations/${id}/refresh`)).toMatchObject({ status: 200 });
  expect(await proofs(worker)).toEqual(["assertion 401", "secret 200", "assertion 401", "secret 200"]);
});

test("a certificate that Entra does not know is the operator's to mend", async () => {
  const worker = await workerWith({ MICROSOFT_CLIENT_CERTIFICATE: STRANGER });
  expect(await signIn(worker, new Caller(worker, "ana"))).toMatchObject({
    status: 500,
    body: { code: "provider_misconfigured", provider_code: "AADSTS700027", mend: "operator" },
  });
});

test("a certificate that expires costs nobody the grant", async () => {
  const worker = await workerWith({ MICROSOFT_CLIENT_CERTIFICATE: REGISTERED });
  const ana = new Caller(worker, "ana");
  const { body } = await signIn(worker, ana);
  const { id } = body["connection"] as Integration;
  const client = { client_id: CLIENT_ID, redirect_uris: [`${PUBLIC_URL}/api/v1/oauth/callback/microsoft`] };
  const renewed = { pem: CLIENT_CERTIFICATE };
  const certificates = [{ ...renewed, expires_at: "2020-01-01T00:00:00Z" }];
  await worker.standIn(`${LOGIN}/_sandbox/clients`, { ...client, certificates });
  const refused = await ana.send("POST", `/integrations/${id}/refresh`);
  expect(refused).toMatchObject({
    status: 500,
    body: { code: "provider_misconfigured", reason: "assertion_refused", provider_code: "AADSTS700027" },
  });
  expect(await ana.send("GET", `/integrations/${id}`)).toMatchObject({ body: { status: "active" } });
  expect(await ana.token(id)).not.toBe("");
  await worker.standIn(`${LOGIN}/_sandbox/clients`, { ...client, certificates: [renewed] });
  await worker.pass(10_000);
  expect(await ana.send("POST", `/integrations/${id}/refresh`)).toMatchObject({ status: 200 });
});
