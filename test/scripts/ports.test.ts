import { once } from "node:events";
import net from "node:net";
import { expect, test } from "vitest";
import { checkPorts, readPorts } from "../../scripts/ports.mjs";

/** A server on a free port of its own. */
async function listening(): Promise<{ port: number; server: net.Server }> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { server, port: typeof address === "object" ? (address?.port ?? 0) : 0 };
}

test("ports come from PORT and SANDBOX_PORT, and are 8787 and 8788 otherwise", () => {
  expect(readPorts({})).toEqual({ worker: 8787, sandbox: 8788 });
  expect(readPorts({ PORT: "9000", SANDBOX_PORT: " 9001 " })).toEqual({ worker: 9000, sandbox: 9001 });
  expect(readPorts({ PORT: "" })).toEqual({ worker: 8787, sandbox: 8788 });
});

test.each([
  [{ PORT: "http" }, "PORT=http: expected a port from 1 to 65535"],
  [{ SANDBOX_PORT: "70000" }, "SANDBOX_PORT=70000: expected a port from 1 to 65535"],
  [{ PORT: "8788" }, "PORT and SANDBOX_PORT are both 8788: expected two different ports"],
])("a port that cannot be is refused by name: %j", (env, message) => {
  expect(() => readPorts(env)).toThrow(message);
});

test("a taken port is refused with the variable to change", async () => {
  const { port, server } = await listening();
  await expect(checkPorts({ worker: port })).rejects.toThrow(`Port ${port} is taken. Choose another one with PORT,`);
  const taken = checkPorts({ worker: port - 1, sandbox: port }).catch((error: unknown) => error);
  expect(String(await taken)).toMatch(/Port \d+ is taken/);
  server.close();
  await once(server, "close");
  await expect(checkPorts({ worker: port })).resolves.toBeUndefined();
});
