/** What the guide refuses before it asks anybody: flags that are missing, wrong, or carry a secret. */
import { expect, test } from "vitest";
import { CLIENT_ID, copyWith, FLAGS, setup, TENANT } from "./setup-support.ts";

const MINE = "# mine\nJWT_SECRET_KEY=a-secret-of-at-least-thirty-two-bytes\n";
const ALL = { "--tenant": TENANT, "--client-id": CLIENT_ID, "--org": "o", "--secret-env": "APP_SECRET" };
const without = (flag: string) => Object.entries(ALL).flatMap(([name, value]) => (name === flag ? [] : [name, value]));
const secretive = "s3cr3t~value";

test.each([
  ["no tenant", without("--tenant"), "--tenant is missing"],
  ["no client id", without("--client-id"), "--client-id is missing"],
  ["no organisation", without("--org"), "--org is missing"],
  ["no credential", without("--secret-env"), "--secret-stdin, --secret-env or --certificate"],
  ["a tenant of all tenants", ["--tenant", "common"], "--tenant: expected one tenant"],
  ["a user instead of a tenant", ["--tenant", "ana@contoso.example"], "--tenant: expected the domain alone"],
  ["a domain as client id", [...FLAGS, "--client-id", "contoso.example"], "--client-id: that is a domain"],
  ["the tenant as client id", [...FLAGS, "--client-id", TENANT], "--client-id: that is the tenant's ID"],
  ["a secret as client id", [...FLAGS, "--client-id", `abc8Q~${"x".repeat(34)}`], "looks like a client secret"],
  ["a cloud that is none", [...FLAGS, "--cloud", "germany"], "--cloud: expected global"],
  ["an address without https", [...FLAGS, "--login-url", "http://login.example"], "--login-url: expected"],
  ["a variable that is none", [...FLAGS, "--secret-env", secretive], "--secret-env: there is no such variable"],
  ["a secret as a flag", [...FLAGS, "--secret", secretive], "--secret is not taken"],
  ["a secret as another flag", [...FLAGS, `--client-secret=${secretive}`], "--client-secret is not taken"],
  ["a secret behind --secret-stdin", [...FLAGS.slice(0, -2), "--secret-stdin", secretive], "belongs to no flag"],
  ["an unknown flag", [...FLAGS, `--sekret=${secretive}`], "--sekret is no flag"],
  ["two kinds of proof", [...FLAGS, "--certificate", "x.pem"], "--secret-env and --certificate: expected one"],
  ["an unknown target", [...FLAGS, "--target", "prod"], "--target: expected dev or wrangler"],
])("wrong use exits with 2 and names the flag, never a secret: %s", async (_, args, message) => {
  const { status, stdout, stderr, file } = await setup(copyWith(MINE), args);
  expect({ status, stdout, file }).toEqual({ status: 2, stdout: "", file: MINE });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain(secretive);
  expect(stderr).not.toContain("Q~");
});

test("--help names every exit code and every flag's purpose", async () => {
  const { status, stdout } = await setup(copyWith(), ["--help"]);
  expect(status).toBe(0);
  expect(stdout).toContain("0 done, 1 refused, 2 wrong use, 130 cancelled");
  expect(stdout.match(/^ {2}--[a-z-]+/gm)?.length).toBeGreaterThan(15);
});
