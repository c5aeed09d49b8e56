import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isRefusal, readRefusal, readTokens } from "../../src/connections/token-answer.ts";

test("an answer of RFC 6749 is read, and everything else that it says is kept", () => {
  const body = {
    access_token: "a",
    token_type: "bearer",
    expires_in: 3600,
    refresh_token: "r",
    scope: "one two",
    id_token: "i",
    workspace_id: "w",
  };
  const { workspace_id: _, ...known } = body;
  expect(readTokens(body)).toEqual({ ...known, refresh_token_expires_in: undefined, raw: body });
});

test.each<[string, object, object]>([
  ["seconds written as text", { expires_in: "3600" }, { expires_in: 3600 }],
  ["no lifetime, as Notion's", {}, { expires_in: undefined }],
  ["a lifetime of null", { expires_in: null }, { expires_in: undefined }],
  ["a lifetime of nothing", { expires_in: 0 }, { expires_in: undefined }],
  ["a lifetime that is no number", { expires_in: "soon" }, { expires_in: undefined }],
  ["a lifetime that no date can hold", { expires_in: 1e300 }, { expires_in: 315_360_000 }],
  ["a refresh token of null, as Notion's may be", { refresh_token: null }, { refresh_token: undefined }],
  ["an empty refresh token, which must not replace one", { refresh_token: "" }, { refresh_token: undefined }],
  ["no token type", {}, { token_type: "Bearer" }],
  ["a scope that is a list", { scope: ["a", "b"] }, { scope: "a b" }],
  ["a scope that is no list of texts", { scope: [1] }, { scope: undefined }],
  ["Google's limited access", { refresh_token_expires_in: 604_800 }, { refresh_token_expires_in: 604_800 }],
  ["Keycloak's name for it", { refresh_expires_in: 1800 }, { refresh_token_expires_in: 1800 }],
  ["Keycloak's offline token, which has no end", { refresh_expires_in: 0 }, { refresh_token_expires_in: undefined }],
])("%s costs nobody the tokens", (_, said, read) => {
  const tokens = readTokens({ access_token: "a", ...said });
  expect(tokens?.access_token).toBe("a");
  expect({ ...tokens, ...read }).toEqual(tokens);
});

test.each([undefined, null, "", "text", [], {}, { access_token: "" }, { access_token: 7 }, { error: "invalid_grant" }])(
  "there are no tokens in %j",
  (body) => {
    expect(readTokens(body)).toBeUndefined();
  },
);

test.each<[string, unknown, object]>([
  ["RFC 6749", { error: "invalid_grant" }, { error: "invalid_grant", description: "" }],
  [
    "RFC 6749, with words",
    { error: "invalid_grant", error_description: "Token has been expired or revoked." },
    { error: "invalid_grant", description: "Token has been expired or revoked." },
  ],
  [
    "Entra",
    {
      error: "invalid_grant",
      error_description: "AADSTS50076: …",
      error_codes: [50076],
      suberror: "basic_action",
      claims: '{"access_token":{}}',
      trace_id: "t-1",
      correlation_id: "c-1",
    },
    {
      error: "invalid_grant",
      description: "AADSTS50076: …",
      codes: [50076],
      suberror: "basic_action",
      claims: '{"access_token":{}}',
      requestId: "t-1",
    },
  ],
  [
    "Google",
    { error: "invalid_grant", error_subtype: "invalid_rapt", error_description: "reauth related error" },
    { error: "invalid_grant", suberror: "invalid_rapt", description: "reauth related error" },
  ],
  [
    "Notion's API",
    { object: "error", status: 400, code: "invalid_grant", message: "Invalid refresh token.", request_id: "r-1" },
    { error: "invalid_grant", description: "Invalid refresh token.", requestId: "r-1" },
  ],
  [
    "Notion's API, of a refused client",
    { object: "error", status: 401, code: "unauthorized", message: "no" },
    { error: "invalid_client", description: "no" },
  ],
  [
    "Notion in the words of RFC 6749",
    { error: "invalid_client", request_id: "r-2" },
    { error: "invalid_client", description: "", requestId: "r-2" },
  ],
  [
    "details of the wrong kind",
    { error: "x", error_description: 7, error_codes: "7", claims: {} },
    { error: "x", description: "" },
  ],
  ["a gateway's page", undefined, { error: "", description: "" }],
  ["JSON that says nothing", { message: "no" }, { error: "", description: "" }],
  ["an error that is an object", { error: { code: 400 } }, { error: "", description: "" }],
])("a refusal in the form of %s is read", (_, body, refusal) => {
  expect(readRefusal(body, 400)).toEqual({ ...refusal, status: 400 });
});

test("a refusal that comes with status 200 is one; tokens are none", () => {
  expect(isRefusal({ error: "bad_verification_code" })).toBe(true);
  expect(isRefusal({ access_token: "a" })).toBe(false);
  expect(isRefusal(undefined)).toBe(false);
});

test("whatever comes is read without a failure, and an access token is never lost to what stands beside it", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom("expires_in", "scope", "refresh_token", "id_token", "token_type"), fc.jsonValue()),
      (any, beside) => {
        expect(readRefusal(any, 400).status).toBe(400);
        readTokens(any);
        expect(readTokens({ ...beside, access_token: "a" })?.access_token).toBe("a");
      },
    ),
  );
});
