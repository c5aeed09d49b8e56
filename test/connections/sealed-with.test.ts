import { expect, test } from "vitest";
import { keyOf } from "../../src/connections/sealed-with.ts";
import { connected, rowOf } from "./keeper.ts";

const token = (sealed: string) => ({ sealed, tokenType: "Bearer", scopes: [], issuedAt: 1, expiresAt: null });
const revocation = (sealed: string) => ({ sealed, hint: "refresh_token", attempts: 0, erase: false }) as const;
const [OLD, NEW] = ["v1.old.bm9uY2U.Y2lwaGVy", "v1.new.bm9uY2U.Y2lwaGVy"];
const EMPTY = { refreshToken: null, accessTokens: {}, revocation: null };

test.each([
  ["nothing is sealed", EMPTY, null],
  ["all is sealed with one key", { ...EMPTY, refreshToken: NEW, accessTokens: { graph: token(NEW) } }, "new"],
  ["only an access token is left", { ...EMPTY, accessTokens: { graph: token(OLD) } }, "old"],
  ["only a revocation is left", { ...EMPTY, revocation: revocation(OLD) }, "old"],
  ["one token is older", { ...EMPTY, refreshToken: NEW, accessTokens: { graph: token(OLD) } }, "mixed"],
  ["a revocation is older", { ...EMPTY, refreshToken: NEW, revocation: revocation(OLD) }, "mixed"],
  ["a value is not one of ours", { ...EMPTY, refreshToken: "plain" }, "mixed"],
])("the key of a row where %s", (_, row, key) => {
  expect(keyOf(row)).toBe(key);
});

test("a row that is stored says which key it is sealed with", async () => {
  expect(await rowOf(await connected({ sub: "sealed-with" }))).toMatchObject({ sealed_with: "k1" });
});
