/** The guide at a running Worker: a server of the test with the Worker's routes. */
import { decodeJwt, jwtVerify } from "jose";
import { afterEach, expect, test } from "vitest";
import {
  at,
  CLIENT_ID,
  copyWith,
  FLAGS,
  graphLists,
  microsoft,
  SECRET,
  serve,
  type Server,
  setup,
  TENANT,
} from "./setup-support.ts";

const JWT_SECRET = "a-secret-of-at-least-thirty-two-bytes";
const MINE = `JWT_SECRET_KEY=${JWT_SECRET}\nTOKEN_ENCRYPTION_KEY=k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n`;

const started: Server[] = [];

afterEach(() => {
  for (const server of started.splice(0)) server.stop();
});

interface Call {
  readonly path: string;
  readonly token: string;
  readonly body: unknown;
}

interface Behaviour {
  /** After how many looks the copy has ended. */
  readonly polls?: number;
  readonly end?: string;
  readonly instead?: (path: string) => Response | undefined;
}

/** A Worker whose first copy ends as told, and what it was called with. */
async function worker({ polls = 1, end = "succeeded", instead }: Behaviour = {}) {
  const calls: Call[] = [];
  let asked = 0;
  const server = await serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/v1/health")) return Response.json({ status: "healthy" });
    const text = await request.text();
    const token = (request.headers.get("Authorization") ?? "").replace("Bearer ", "");
    calls.push({ path: pathname, token, body: text === "" ? undefined : JSON.parse(text) });
    const other = instead?.(pathname);
    if (other !== undefined) return other;
    if (pathname === "/v1/microsoft/setup") return Response.json(CONNECTED);
    if (pathname === "/v1/microsoft/sync") return Response.json({ run_id: "run_1" }, { status: 202 });
    asked += 1;
    return Response.json(runThat(asked < polls ? "running" : end, asked));
  });
  started.push(server);
  return { server, calls };
}

const CONNECTED = {
  tenant: { id: TENANT, name: "Contoso" },
  capabilities: {
    users: { status: "available" },
    alerts: {
      status: "permission_missing",
      permissions: ["SecurityAlert.Read.All"],
      admin_consent_url: "https://consent.example/",
    },
  },
};

function runThat(status: string, pages: number) {
  const users = {
    resource: "users",
    status: status === "running" ? "running" : "succeeded",
    total: 1234,
    remaining_s: 5,
  };
  return {
    id: "run_1",
    sync_type: "full",
    status,
    ended_at: status === "running" ? null : "2026-11-21T12:00:00Z",
    ...(status === "held" ? { approve_path: "/v1/microsoft/runs/run_1/approve" } : {}),
    resources: [{ ...users, seen: 1234, written: 1200, removed: 3, pages }],
  };
}

async function entra(): Promise<Server> {
  const server = await microsoft({ instead: graphLists() });
  started.push(server);
  return server;
}

test("a tenant is connected as an administrator of its organisation, and its first copy is watched to its end", async () => {
  const { server, calls } = await worker({ polls: 3 });
  const args = [...FLAGS, ...at(await entra()), "--connect", "--sync", "--url", server.url];
  const { status, stdout, stderr } = await setup(copyWith(MINE), args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(calls.map(({ path }) => path)).toEqual([
    "/v1/microsoft/setup",
    "/v1/microsoft/sync",
    ...[1, 2, 3].map(() => "/v1/microsoft/runs/run_1"),
  ]);
  expect(calls[0]?.body).toEqual({ tenant_id: TENANT, client_id: CLIENT_ID, client_secret: SECRET });
  expect(calls[1]?.body).toEqual({ sync_type: "full" });
  const { payload } = await jwtVerify(calls[0]?.token ?? "", new TextEncoder().encode(JWT_SECRET));
  expect(payload).toMatchObject({ org: "contoso", roles: ["tenant_admin"] });
  expect(stdout).toContain("Connected Contoso");
  expect(stdout).toMatch(/alerts +permission missing +SecurityAlert\.Read\.All/);
  expect(stdout).toContain("https://consent.example/");
  // A terminal sees each line drawn over; elsewhere a line comes where its status changed.
  expect(stdout.match(/users +running +seen 1,234 of 1,234 {2}written 1,200 {2}removed 3/g)).toHaveLength(1);
  expect(stdout).toContain("The copy has ended: succeeded.");
  for (const { token } of calls) expect(stdout).not.toContain(token);
});

test("the Worker's own credential is used where that was said, and a caller's token may come from elsewhere", async () => {
  const { server, calls } = await worker();
  const given = ["--from-environment", "--token-env", "CALLER", "--connect", "--json", "--url", server.url];
  const args = [...FLAGS, ...at(await entra()), ...given];
  const { status, stdout } = await setup(copyWith(MINE), args, { env: { CALLER: "callers-token" } });
  expect(status).toBe(0);
  expect(calls).toEqual([{ path: "/v1/microsoft/setup", token: "callers-token", body: {} }]);
  expect(JSON.parse(stdout)).toMatchObject({ verified: true, org: "contoso", connected: { tenant: { id: TENANT } } });
});

test.each([
  ["failed", 1, "The copy failed"],
  ["held", 0, "POST /v1/microsoft/runs/run_1/approve"],
  ["partial", 0, "The copy has ended: partial."],
])("a copy that ends %s is told so and exits with %i", async (end, status, words) => {
  const { server } = await worker({ end });
  const args = [...FLAGS, ...at(await entra()), "--sync", "--url", server.url];
  const ended = await setup(copyWith(MINE), args);
  expect(ended.status).toBe(status);
  expect(ended.stdout + ended.stderr).toContain(words);
});

test("a Worker that refuses is quoted with its code and the address that mends it, without the secret", async () => {
  const problem = {
    code: "admin_consent_required",
    detail: `Not with ${SECRET}.`,
    reason: "why",
    admin_consent_url: "https://consent.example/",
  };
  const refusing = () =>
    Response.json(problem, { status: 409, headers: { "Content-Type": "application/problem+json" } });
  const { server } = await worker({ instead: refusing });
  const { status, stderr } = await setup(copyWith(MINE), [
    ...FLAGS,
    ...at(await entra()),
    "--connect",
    "--url",
    server.url,
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain("Not with …. (admin_consent_required, why)");
  expect(stderr).toContain("https://consent.example/");
});

test("a poll that is lost does not end the watching", async () => {
  let lost = 0;
  const { server } = await worker({
    instead: (path) => {
      if (!path.includes("/runs/") || lost > 0) return undefined;
      lost += 1;
      return Response.json({ code: "internal" }, { status: 404 });
    },
  });
  const args = [...FLAGS, ...at(await entra()), "--sync", "--url", server.url];
  expect(await setup(copyWith(MINE), args)).toMatchObject({ status: 0 });
  expect(lost).toBe(1);
});

test("a copy that is under way already is watched instead of begun", async () => {
  const { server, calls } = await worker({
    instead: (path) =>
      path === "/v1/microsoft/sync" ? Response.json({ code: "conflict", run_id: "run_0" }, { status: 409 }) : undefined,
  });
  const args = [...FLAGS, ...at(await entra()), "--sync", "--url", server.url];
  expect(await setup(copyWith(MINE), args)).toMatchObject({ status: 0 });
  expect(calls.at(-1)?.path).toBe("/v1/microsoft/runs/run_0");
});

test("where no Worker answers, what was proved is written and the missing Worker is named", async () => {
  const { server } = await worker();
  server.stop();
  const args = [...FLAGS, ...at(await entra()), "--connect", "--url", server.url];
  const { status, stderr, file } = await setup(copyWith(MINE), args);
  expect(status).toBe(1);
  expect(stderr).toContain(`No Worker answers at ${server.url}. Start it (npm start)`);
  expect(file).toContain("MICROSOFT_TENANT_ORG=contoso");
});

test("where callers' tokens come from an issuer, nothing is signed here", async () => {
  const { server, calls } = await worker();
  const issued = "JWT_JWKS_URL=https://issuer.example/jwks\n";
  const args = [...FLAGS, ...at(await entra()), "--connect", "--url", server.url];
  const { status, stderr } = await setup(copyWith(issued), args);
  expect({ status, calls }).toEqual({ status: 2, calls: [] });
  expect(stderr).toContain("--token-env is missing");
});

test("a copy that outlasts a token goes on with a new one", async () => {
  const { server, calls } = await worker({ polls: 3 });
  await setup(copyWith(MINE), [...FLAGS, ...at(await entra()), "--sync", "--url", server.url]);
  const issued = calls.map(({ token }) => decodeJwt(token).iat ?? 0);
  expect(issued.at(-1)).toBeGreaterThan(issued[0] ?? 0);
});
