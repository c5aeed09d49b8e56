/** The commands as a person runs them, in a copy of the repository that holds nothing but what they need. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { decodeJwt, jwtVerify } from "jose";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const SECRET = "a-secret-of-at-least-thirty-two-bytes";

function copyWith(devVars: string | undefined): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "commands-"));
  for (const name of ["scripts", "package.json", "package-lock.json"]) {
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  if (devVars !== undefined) writeFileSync(path.join(folder, ".dev.vars"), devVars);
  return folder;
}

function run(
  folder: string,
  script: string,
  args: string[] = [],
  env: Record<string, string> = {},
): SpawnSyncReturns<string> {
  const command = [path.join(folder, "scripts", script), ...args];
  return spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } });
}

test("npm run token prints a token that the configured secret verifies, and nothing else", async () => {
  const folder = copyWith(`JWT_SECRET_KEY=${SECRET}\nJWT_ISSUER=https://issuer.example\nJWT_AUDIENCE=latchkey\n`);
  const args = ["--sub", "ana", "--roles", "user,operator", "--scope", "tokens:read proxy", "--teacher-id", "t1"];
  const { stdout, stderr, status } = run(folder, "token.mjs", [...args, "--org", "o1", "--expires-in", "60"]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const options = { algorithms: ["HS256"], issuer: "https://issuer.example", audience: "latchkey" };
  const { payload } = await jwtVerify(stdout.trim(), new TextEncoder().encode(SECRET), options);
  expect(payload).toMatchObject({ sub: "ana", roles: ["user", "operator"], teacher_id: "t1", org: "o1" });
  expect(payload.scope).toBe("tokens:read proxy");
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
});

test("npm run token leaves out what was not asked for, and takes the old name of the secret", () => {
  const { stdout } = run(copyWith(`SECRET_KEY=${SECRET}\n`), "token.mjs", ["--sub", "ana"]);
  expect(Object.keys(decodeJwt(stdout.trim())).toSorted()).toEqual(["exp", "iat", "sub"]);
});

test.each([
  ["no subject", `JWT_SECRET_KEY=${SECRET}\n`, [], "--sub is missing"],
  ["an unknown option", `JWT_SECRET_KEY=${SECRET}\n`, ["--role", "x"], "Unknown option '--role'"],
  ["a lifetime that is no number", `JWT_SECRET_KEY=${SECRET}\n`, ["--sub", "a", "--expires-in", "1h"], "--expires-in"],
  ["no .dev.vars", undefined, ["--sub", "a"], "There is no .dev.vars"],
  ["a short secret", "JWT_SECRET_KEY=short\n", ["--sub", "a"], ".dev.vars: JWT_SECRET_KEY is too short"],
])("npm run token says on standard error what is wrong: %s", (_, devVars, args, message) => {
  const { stdout, stderr, status } = run(copyWith(devVars), "token.mjs", args);
  expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  expect(stderr.split("\n")[0]).toContain(message);
});

test("npm start says in one line which line of .dev.vars is broken", () => {
  const folder = copyWith(`JWT_SECRET_KEY=${SECRET}\nthis is not a variable\n`);
  const { stdout, stderr, status } = run(folder, "start.mjs");
  expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  expect(stderr).toBe(".dev.vars, line 2: expected NAME=value, or # and a comment\n");
});

test("npm start says in one line which variable of .dev.vars is wrong", () => {
  const { stderr, status } = run(copyWith("JWT_SECRET_KEY=short\n"), "start.mjs");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^\.dev\.vars: JWT_SECRET_KEY is too short: expected 32 bytes or more; make one with: .+\n$/);
});

test("npm start says in one line which port is taken and which variable moves it", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = String(typeof address === "object" ? address?.port : 0);
  const { stderr, status } = run(copyWith(`JWT_SECRET_KEY=${SECRET}\n`), "start.mjs", [], { PORT: port });
  server.close();
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`^Port ${port} is taken\\. Choose another one with PORT, for example: .+\\n$`));
});

test("without a network npm start says so in one line", () => {
  // No link to the installed packages here: an installation begins by deleting them.
  const folder = mkdtempSync(path.join(os.tmpdir(), "commands-"));
  cpSync(path.join(ROOT, "scripts"), path.join(folder, "scripts"), { recursive: true });
  const dependencies = { absent: "1.0.0" };
  const packages = { "": { dependencies }, "node_modules/absent": { version: "1.0.0" } };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module", dependencies }));
  writeFileSync(path.join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }));
  const offline = { npm_config_registry: "http://127.0.0.1:9/", npm_config_cache: path.join(folder, "cache") };
  const { stderr, status } = run(folder, "start.mjs", [], { ...offline, PORT: "18787", SANDBOX_PORT: "18788" });
  expect(status).toBe(1);
  expect(stderr.trim().split("\n").at(-1)).toMatch(
    /^Cannot install the dependencies: the package registry cannot be reached/,
  );
});
