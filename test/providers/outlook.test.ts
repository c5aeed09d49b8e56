import { expect, test } from "vitest";
import { scopesAskedFor } from "../../src/providers/asking.ts";
import { scopesFor, unlocks } from "../../src/providers/features.ts";
import { scopesBeyond } from "../../src/providers/policy.ts";
import { equalScopes } from "../../src/providers/scopes.ts";
import { configured, identityFrom } from "./configured.ts";

const GRAPH = "https://graph.microsoft.com/";
const EXCHANGE = "https://outlook.office.com/";
const TENANT = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";
const outlook = configured("outlook");
const microsoft = configured("microsoft");

test.each([
  ["global", EXCHANGE, GRAPH],
  ["usgov", "https://outlook.office365.us/", "https://graph.microsoft.us/"],
  ["dod", "https://outlook-dod.office365.us/", "https://dod-graph.microsoft.us/"],
  ["china", "https://partner.outlook.cn/", "https://microsoftgraph.chinacloudapi.cn/"],
])("in the %s cloud mail asks for scopes of %s", (cloud, exchange, graph) => {
  const provider = configured("outlook", { MICROSOFT_CLOUD: cloud });
  expect(provider.scopes).toEqual([`${exchange}IMAP.AccessAsUser.All`, `${exchange}SMTP.Send`]);
  expect(provider).toMatchObject({
    firstResource: "outlook",
    resources: { outlook: { scopePrefix: exchange }, graph: { scopePrefix: graph } },
    openidScopes: ["openid", "profile", "email", "offline_access"],
  });
  expect(configured("microsoft", { MICROSOFT_CLOUD: cloud })).toMatchObject({
    firstResource: "graph",
    resources: { outlook: { scopePrefix: exchange }, graph: { scopePrefix: graph } },
  });
});

test.each(["common", "organizations", "consumers", TENANT])("with the tenant %s mail signs in there", (tenant) => {
  const at = `https://login.microsoftonline.com/${tenant}/oauth2/v2.0`;
  for (const variable of ["MICROSOFT_TENANT_ID", "MICROSOFT_OAUTH_TENANT_ID"])
    expect(configured("outlook", { [variable]: tenant }).endpoints).toMatchObject({
      authorization: `${at}/authorize`,
      token: `${at}/token`,
    });
});

test("mail uses its own registration where there is one, and none of the main one's", () => {
  const own = configured("outlook", {
    MICROSOFT_TENANT_ID: TENANT,
    MICROSOFT_REDIRECT_URI: "https://a.example/main",
    MICROSOFT_OAUTH_CLIENT_ID: "m-app",
    MICROSOFT_OAUTH_CLIENT_SECRET: "m-one,m-two",
    MICROSOFT_OAUTH_REDIRECT_URI: "https://a.example/mail",
  });
  expect(own).toMatchObject({
    client: { id: "m-app", credentials: [{ secret: "m-one" }, { secret: "m-two" }] },
    redirectUri: "https://a.example/mail",
    adminConsentUrl: `https://login.microsoftonline.com/${TENANT}/v2.0/adminconsent`,
  });
});

test("the main registration's redirect URI is not mail's, whose callback is another", () => {
  const provider = configured("outlook", { MICROSOFT_REDIRECT_URI: "https://a.example/main" });
  expect([provider.client.id, provider.redirectUri]).toEqual(["app", undefined]);
});

test("a bare name is Graph's at Microsoft and Exchange's at Outlook, never the other's", () => {
  const imap = "IMAP.AccessAsUser.All";
  const ask = (provider: typeof outlook, scopes: string[]) =>
    scopesAskedFor({ provider, policy: {}, roles: ["user"] }, { scopes });
  expect(ask(outlook, [imap, `${GRAPH}User.Read`])).toEqual([EXCHANGE + imap, `${GRAPH}User.Read`]);
  expect(ask(microsoft, [imap, EXCHANGE + imap])).toEqual([GRAPH + imap, EXCHANGE + imap]);
  expect(equalScopes(microsoft, imap, EXCHANGE + imap)).toBe(false);
  expect(equalScopes(outlook, imap, GRAPH + imap)).toBe(false);
  // What opens no mailbox unlocks none, and nobody is sent to grant it.
  for (const provider of [outlook, microsoft]) {
    expect(unlocks(provider, "mail.imap", [GRAPH + imap])).toBe(false);
    expect(scopesBeyond({ provider, policy: {}, roles: ["user"] }, [GRAPH + imap])).toEqual([GRAPH + imap]);
    expect(scopesBeyond({ provider, policy: {}, roles: ["user"] }, [EXCHANGE + imap])).toEqual([]);
  }
});

test("a mail client is let in by the same features at Microsoft, Outlook and Google", () => {
  for (const provider of [outlook, microsoft]) {
    expect(scopesFor(provider, "mail.imap")).toEqual([`${EXCHANGE}IMAP.AccessAsUser.All`]);
    expect(scopesFor(provider, "mail.smtp")).toEqual([`${EXCHANGE}SMTP.Send`]);
    expect(scopesFor(provider, "profile")).toEqual([`${GRAPH}User.Read`]);
  }
  for (const feature of ["mail.imap", "mail.smtp"] as const)
    expect(scopesFor(configured("google"), feature)).toEqual(["https://mail.google.com/"]);
});

test("what the user granted to the same application beside mail keeps no token from its owner", () => {
  const question = { provider: outlook, policy: {}, roles: ["user"] };
  expect(scopesBeyond(question, [`${GRAPH}Calendars.ReadWrite`])).toEqual([]);
  expect(scopesBeyond(question, [`${GRAPH}Directory.Read.All`])).toEqual([`${GRAPH}Directory.Read.All`]);
});

test.each([
  ["the email", { email: "ana@a.example", preferred_username: "ana@upn.example" }, "ana@a.example"],
  ["the name to sign in with", { preferred_username: "ana@upn.example" }, "ana@upn.example"],
  ["nothing, where that is a telephone number", { preferred_username: "+39 02 1234" }, null],
  ["nothing, where nothing is said", {}, null],
])("the account's address in an id_token is %s", (_, claims, address) => {
  for (const provider of [outlook, microsoft])
    expect(identityFrom(provider, { tid: TENANT, oid: "o-1", ...claims })).toMatchObject({
      account: `${TENANT}:o-1`,
      address,
    });
});

test.each([
  ["its mail", { mail: "ana@a.example", userPrincipalName: "ana@upn.example" }, "ana@a.example"],
  ["the name to sign in with", { mail: null, userPrincipalName: "ana@upn.example" }, "ana@upn.example"],
  ["nothing, where that is a telephone number", { mail: null, userPrincipalName: "+39021234" }, null],
])("the account's address at Graph is %s", (_, me, address) => {
  for (const provider of [outlook, microsoft]) expect(provider.account?.read(me)).toMatchObject({ address });
});
