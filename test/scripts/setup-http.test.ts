/** How the guide meets a Microsoft that is busy, away, or sends it elsewhere. */
import { afterEach, expect, test } from "vitest";
import { at, copyWith, FLAGS, graphLists, microsoft, serve, type Server, setup } from "./setup-support.ts";

const MINE = "JWT_SECRET_KEY=a-secret-of-at-least-thirty-two-bytes\n";

const started: Server[] = [];

afterEach(() => {
  for (const server of started.splice(0)) server.stop();
});

/** Microsoft, whose token endpoint answers first so often with something else. */
async function busy(times: number, answer: () => Response): Promise<Server> {
  let left = times;
  const lists = graphLists();
  const server = await microsoft({
    instead: (request) => {
      if (!request.url.endsWith("/token") || left === 0) return lists(request);
      left -= 1;
      return answer();
    },
  });
  started.push(server);
  return server;
}

const asked = ({ requests }: Server) => requests.filter((request) => request.endsWith("/token")).length;

test("what is throttled is asked again as soon as Retry-After allows", async () => {
  const server = await busy(2, () => new Response("", { status: 429, headers: { "Retry-After": "0" } }));
  expect(await setup(copyWith(MINE), [...FLAGS, ...at(server)])).toMatchObject({ status: 0 });
  expect(asked(server)).toBe(3);
});

test("whoever is to wait for long is told instead", async () => {
  const server = await busy(9, () => new Response("<html>", { status: 503, headers: { "Retry-After": "120" } }));
  const { status, stderr, file } = await setup(copyWith(MINE), [...FLAGS, ...at(server)]);
  expect({ status, file, asked: asked(server) }).toEqual({ status: 1, file: MINE, asked: 1 });
  expect(stderr).toBe("Microsoft answered with status 503. (HTTP 503)\n");
});

test("a secret does not follow a redirect", async () => {
  const elsewhere = await serve(() => Response.json({ access_token: "x" }));
  started.push(elsewhere);
  const server = await busy(9, () => new Response(null, { status: 307, headers: { Location: elsewhere.url } }));
  const { status, file } = await setup(copyWith(MINE), [...FLAGS, ...at(server)]);
  expect({ status, file, requests: elsewhere.requests }).toEqual({ status: 1, file: MINE, requests: [] });
});
