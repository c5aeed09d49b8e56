import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { sandbox } from "../support.ts";
import { begin, connectionIn, flow } from "./flow.ts";
import { problemOf } from "./security.ts";

const CONTOSO = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";
const FABRIKAM = "0f9a4c1d-2222-4333-8444-5555666677aa";

// Worker and keepers read their variables from here when they first wake: this file's Worker serves one tenant alone.
Object.assign(env, { MICROSOFT_TENANT_ID: CONTOSO });

test("the sign-in page is the tenant's own", async () => {
  const { authorization_url: url } = await begin({ sub: "ot-url" });
  expect(url).toMatch(`https://login.microsoftonline.com/${CONTOSO}/oauth2/v2.0/authorize?`);
});

test("a guest of the tenant connects as who they are there", async () => {
  const { account } = await connectionIn(await flow({ sub: "ot-gus" }, "gus"));
  expect(account).toMatchObject({ name: "Gus Lindqvist", tenant: CONTOSO });
});

test("an account that the tenant does not know is refused, and another one is asked for", async () => {
  expect(await problemOf(await flow({ sub: "ot-pat" }, "pat"))).toMatchObject({
    status: 400,
    code: "consent_denied",
    reason: "other_account_needed",
    provider_code: "AADSTS16000",
  });
});

test("an id_token of another tenant connects nobody, though the same keys sign it", async () => {
  const claims = { tid: FABRIKAM, iss: `https://login.microsoftonline.com/${FABRIKAM}/v2.0` };
  await sandbox("POST", "settings", { extra_claims: claims });
  expect(await problemOf(await flow({ sub: "ot-other" }, "ana"))).toMatchObject({ code: "provider_error" });
});

test("admin consent is asked of the tenant itself", async () => {
  await sandbox("POST", "settings", { extra_claims: {} });
  await sandbox("POST", "faults", { path: "*/authorize", entra_error: { error: "access_denied", code: 90094 } });
  const problem = await problemOf(await flow({ sub: "ot-admin" }, "ana"));
  expect(problem["admin_consent_url"]).toMatch(`https://login.microsoftonline.com/${CONTOSO}/v2.0/adminconsent?`);
});
