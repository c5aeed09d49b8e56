import { afterEach, expect, test, vi } from "vitest";
import { setUp } from "../../src/directory/connect/setup.ts";
import { CLIENT, inObject, makeTenant, rowOf } from "./connecting.ts";

afterEach(() => vi.restoreAllMocks());

test("the environment's application connects the tenant that it names, for the one organisation that may", async () => {
  const { tenant_id: id, domain } = await makeTenant(207);
  const variables = {
    MICROSOFT_TENANT_ID: domain,
    MICROSOFT_TENANT_ORG: "operators",
    MICROSOFT_CLIENT_SECRET_EXPIRES_AT: "2027-03-01",
  };
  const environment = { applicant: { source: "environment" }, actor: "ana" } as const;
  await inObject(
    "operators",
    async (connection) => {
      expect(await setUp(connection, environment)).toMatchObject({
        created: true,
        tenant: { id },
        credential: { kind: "environment", expires_at: "2027-03-01T00:00:00.000Z" },
      });
      expect(await rowOf("operators")).toMatchObject({ credential: null, sealed_with: null });
    },
    variables,
  );
  await inObject(
    "others",
    async (connection) => {
      await expect(setUp(connection, environment)).rejects.toMatchObject({ code: "forbidden" });
    },
    variables,
  );
  // The operator gave it to somebody else: the organisation that had it is shut out at once.
  await inObject(
    "operators",
    async (connection) => {
      await expect(connection.tokens.token()).rejects.toMatchObject({ code: "forbidden" });
    },
    { ...variables, MICROSOFT_TENANT_ORG: "others" },
  );
});

test.each([
  ["MICROSOFT_CLIENT_SECRET", { MICROSOFT_CLIENT_SECRET: "wrong" }],
  ["MICROSOFT_CLIENT_ID", { MICROSOFT_CLIENT_ID: "99999999-aaaa-4bbb-8ccc-000000000009" }],
  ["MICROSOFT_TENANT_ID", { MICROSOFT_TENANT_ID: "nobody.example" }],
  ["MICROSOFT_TENANT_ID", { MICROSOFT_TENANT_ID: "" }],
  ["MICROSOFT_TENANT_ID", { MICROSOFT_TENANT_ID: "organizations" }],
  ["MICROSOFT_TENANT_ORG", { MICROSOFT_TENANT_ORG: "" }],
])("where %s is wrong the operator is told that variable", async (variable, change) => {
  const { tenant_id: id } = await makeTenant(208);
  const variables = { MICROSOFT_TENANT_ID: id, MICROSOFT_TENANT_ORG: "theirs", ...change };
  await inObject(
    "theirs",
    async (connection) => {
      const failed = setUp(connection, { applicant: { source: "environment" }, actor: "ana" });
      await expect(failed).rejects.toMatchObject({ code: "provider_misconfigured", extra: { variable } });
      expect(await rowOf("theirs")).toBeNull();
    },
    variables,
  );
});

test("in another cloud the scope and the addresses are that cloud's", async () => {
  const hosts: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((input) => {
    hosts.push(new URL(input instanceof Request ? input.url : input).host);
    return Promise.reject(new Error("no network"));
  });
  await inObject(
    "china",
    async (connection) => {
      const failed = setUp(connection, {
        applicant: {
          source: "body",
          tenant: "contoso.example",
          clientId: CLIENT.client_id,
          secret: "x",
          certificate: undefined,
        },
        actor: "ana",
      });
      await expect(failed).rejects.toMatchObject({ code: "provider_unavailable" });
    },
    { MICROSOFT_CLOUD: "china" },
  );
  expect(new Set(hosts)).toEqual(new Set(["login.partner.microsoftonline.cn"]));
});
