import { expect, test } from "vitest";
import { requestTokens } from "../../src/connections/token-request.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { createSender } from "../../src/lib/http.ts";
import { createLogger } from "../../src/lib/log.ts";
import { findProvider } from "../../src/providers/index.ts";

const OWN = {
  id: "twice",
  name: "Twice",
  authorization_endpoint: "https://op.example/authorize",
  token_endpoint: "https://op.example/token",
  client_id: "app",
  client_secret: ["old", "new"],
};

/** Asks with two secrets; each request is answered in turn, and a `null` breaks the connection. */
async function ask(...answers: (object | null)[]) {
  const provider = findProvider(parseConfig({ CUSTOM_PROVIDERS: JSON.stringify([OWN]) }), "twice");
  if (!provider) throw new Error("it is configured");
  const log = createLogger("ERROR");
  const fetch = () => {
    const next = answers.shift() ?? null;
    if (next === null) return Promise.reject(new TypeError("connection lost"));
    return Promise.resolve(Response.json(next, { status: "error" in next ? 400 : 200 }));
  };
  const sender = createSender({ fetch, clock: systemClock, log, random: () => 0 });
  const ports = { sender, provider, clock: systemClock, log, timeoutMs: 25_000 };
  return requestTokens(ports, { grant_type: "refresh_token", refresh_token: "r" });
}

const NO_CLIENT = { error: "invalid_client" };
const NO_GRANT = { error: "invalid_grant" };

test("a second secret serves where the first is refused", async () => {
  expect(await ask(NO_CLIENT, { access_token: "a" })).toMatchObject({ kind: "granted", tokens: { access_token: "a" } });
});

test("a refusal may follow from what went unanswered before, whichever secret was shown then", async () => {
  expect(await ask(NO_CLIENT, NO_GRANT)).toMatchObject({ kind: "refused", afterSilence: false });
  expect(await ask(null, NO_GRANT)).toMatchObject({ kind: "refused", afterSilence: true });
  expect(await ask(null, NO_CLIENT, NO_GRANT)).toMatchObject({ kind: "refused", afterSilence: true });
});
