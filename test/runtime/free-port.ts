/** A port of loopback that nobody listens at. */
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";

/** Gives one. Somebody else may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
