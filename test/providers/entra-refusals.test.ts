import { expect, test } from "vitest";
import { failureOf } from "../../src/connections/verdicts.ts";
import { parseConfig } from "../../src/lib/config.ts";
import type { Failure } from "../../src/lib/errors.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { OAuthRefusal } from "../../src/providers/verdict.ts";
import { AADSTS_ROWS, type Class, CLASSES, ERROR_ROWS, SUBERROR_ROWS } from "./entra-expectations.ts";

const REDIRECT_URI = "https://latchkey.test/callback";

function microsoft(): Provider {
  const provider = findProvider(parseConfig({ MICROSOFT_CLIENT_ID: "app", MICROSOFT_CLIENT_SECRET: "s" }), "microsoft");
  if (!provider) throw new Error("Microsoft is configured");
  return provider;
}

/** What a refusal becomes at either stage. */
function failures(refusal: Partial<OAuthRefusal>, more: { retryAfterS?: number } = {}): Record<string, Failure> {
  const provider = microsoft();
  const verdict = provider.classify({ error: "", description: "", ...refusal });
  const context = { provider, authorizePath: "/start/", redirectUri: REDIRECT_URI, ...more };
  return {
    connect: failureOf(verdict, { ...context, stage: "connect" }),
    refresh: failureOf(verdict, { ...context, stage: "refresh" }),
  };
}

/** The same as codes and who mends them, to compare with a class. */
function outcomeOf(refusal: Partial<OAuthRefusal>) {
  const { connect, refresh } = failures(refusal);
  return { connect: connect?.code, refresh: refresh?.code, mend: refresh?.extra.mend };
}

const NUMBERED = AADSTS_ROWS.flatMap(([error, codes, wanted, suberror]) =>
  codes.map((code) => ({ error, code, wanted, suberror })),
);

test.each(NUMBERED)("AADSTS$code with $error, $suberror is of class $wanted", ({ error, code, wanted, suberror }) => {
  const description = `AADSTS${code}: Planned.\r\nTrace ID: 0aa1\r\nTimestamp: 2026-11-20 10:11:12Z`;
  const extra = suberror === undefined ? {} : { suberror };
  const body = { error, description, codes: [code], status: 400, ...extra };
  expect(outcomeOf(body)).toEqual(CLASSES[wanted]);
  expect(failures(body)["refresh"]?.extra.provider_code).toBe(`AADSTS${code}`);
  // In a redirect the number stands in the text alone.
  expect(outcomeOf({ error, description, ...extra })).toEqual(CLASSES[wanted]);
  expect(failures({ error, description })["connect"]?.extra.provider_code).toBe(`AADSTS${code}`);
});

test.each(SUBERROR_ROWS)("the suberror %s is of class %s, whatever else is said", (suberror, wanted) => {
  expect(outcomeOf({ error: "invalid_grant", suberror })).toEqual(CLASSES[wanted]);
  expect(outcomeOf({ error: "unauthorized_client", suberror })).toEqual(CLASSES[wanted]);
  const contrary: Class = wanted === "M" ? "U" : "M";
  const number = contrary === "M" ? 7000222 : 50173;
  expect(outcomeOf({ error: "invalid_grant", suberror, codes: [number] })).toEqual(CLASSES[wanted]);
});

test.each(ERROR_ROWS)("%s without anything more is of class %s", (error, wanted) => {
  expect(outcomeOf({ error })).toEqual(CLASSES[wanted]);
  expect(outcomeOf({ error, description: "AADSTS99999999: Never heard of.", codes: [99999999] })).toEqual(
    CLASSES[wanted],
  );
});

test.each([
  ["temporarily_unavailable", 50173, "T"],
  ["temporarily_unavailable", 54005, "T"],
  ["server_error", 53003, "T"],
  ["server_error", 90094, "T"],
  ["invalid_client", 700082, "M"],
  ["invalid_request", 65001, "M"],
] as const)("%s outranks AADSTS%i: a number alone never ends a grant", (error, code, wanted) => {
  expect(outcomeOf({ error, codes: [code] })).toEqual(CLASSES[wanted]);
});

test("of several numbers the first that is known counts, and an unknown one is still shown", () => {
  const refusal = { error: "invalid_grant", codes: [99999999, 53003] };
  expect(outcomeOf(refusal)).toEqual(CLASSES.A);
  expect(failures(refusal)["refresh"]?.extra.provider_code).toBe("AADSTS53003");
  expect(failures({ error: "invalid_grant", codes: [1234567] })["refresh"]?.extra.provider_code).toBe("AADSTS1234567");
});

test.each(["", "brand_new_error", "constructor", "toString", "__proto__", "hasOwnProperty"])(
  "an error called %j is no known refusal: the provider is in error",
  (name) => {
    expect(outcomeOf({ error: name })).toEqual(CLASSES.support);
    expect(outcomeOf({ error: "invalid_grant", suberror: name })).toEqual(CLASSES.U);
  },
);

test("the status outranks the body: 429 throttles, and 5xx passes by itself", () => {
  const body = { error: "invalid_grant", codes: [50173], suberror: "bad_token" };
  expect(outcomeOf({ ...body, status: 429 })).toEqual(CLASSES.throttled);
  expect(outcomeOf({ ...body, status: 500 })).toEqual(CLASSES.T);
  expect(outcomeOf({ ...body, status: 503 })).toEqual(CLASSES.T);
});

test("a request loop is left alone for minutes, a throttle for a minute or as long as was asked", () => {
  const wait = (refusal: Partial<OAuthRefusal>, retryAfterS?: number) =>
    failures(refusal, retryAfterS === undefined ? {} : { retryAfterS })["refresh"]?.retryAfterS;
  expect(wait({ error: "invalid_grant", codes: [50196] })).toBeGreaterThanOrEqual(120);
  expect(wait({ error: "invalid_grant", codes: [50196] }, 1)).toBeGreaterThanOrEqual(120);
  expect(wait({ status: 429 })).toBe(60);
  expect(wait({ status: 429 }, 17)).toBe(17);
  expect(wait({ error: "server_error" })).toBe(5);
  expect(wait({ error: "invalid_grant" })).toBeUndefined();
});

test("a refused grant says where to sign in again, and admin consent says where to give it", () => {
  expect(failures({ error: "invalid_grant" })["refresh"]?.extra.authorize_path).toBe("/start/");
  const url = new URL(failures({ error: "access_denied", codes: [90094] })["connect"]?.extra.admin_consent_url ?? "");
  // Admin consent is refused on common.
  expect(url.origin + url.pathname).toBe("https://login.microsoftonline.com/organizations/v2.0/adminconsent");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: "app",
    redirect_uri: REDIRECT_URI,
    scope: "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Calendars.ReadWrite",
  });
});

test("nothing of the provider's own words reaches the wire", () => {
  const failed = failures({ error: "invalid_grant", description: "AADSTS50173: ana@contoso.example did this" });
  expect(JSON.stringify(failed["refresh"]?.toData())).not.toContain("ana@");
});
