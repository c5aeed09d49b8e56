import { afterEach, expect, test } from "vitest";
import { call } from "../support.ts";
import { connectWith, resetSandbox, somebody } from "../oauth/manager.ts";
import { MAIL, openMailbox, putAccount } from "./mailboxes.ts";

afterEach(resetSandbox);

interface Status {
  readonly providers: readonly { readonly id: string; readonly connected: boolean; readonly connections: unknown[] }[];
  readonly mail_accounts: readonly { readonly address: string; readonly auth_method: string }[];
}

test("one answer has every provider and every mail account of the caller, and nobody else's", async () => {
  const [who, other] = [somebody(), somebody()];
  await openMailbox(other, "microsoft", { person: "bo" });
  const before = await (await call(`${MAIL}/status`, who)).json<Status>();
  expect(before.providers.map(({ id }) => id)).toEqual(["microsoft", "outlook", "google", "youtube", "notion"]);
  expect(before.providers.some(({ connected }) => connected)).toBe(false);
  expect(before.mail_accounts).toEqual([]);
  await connectWith(who, { provider: "notion" });
  const { connection } = await openMailbox(who, "microsoft");
  await openMailbox(who, "google");
  await putAccount(who, { address: "ana@gmx.net", password: "a password" });
  const answer = await (await call(`${MAIL}/status`, who)).json<Status>();
  expect(answer.providers.filter((one) => one.connected).map(({ id }) => id)).toEqual(["outlook", "google", "notion"]);
  expect(answer.providers.find(({ id }) => id === "outlook")).toMatchObject({
    name: "Outlook mail",
    configured: true,
    status: "active",
    connections: [{ id: connection.id, status: "active", features: ["mail.imap", "mail.smtp"], trouble: null }],
  });
  expect(answer.mail_accounts.map(({ address, auth_method: by }) => [address, by])).toEqual([
    ["ana@gmx.net", "password"],
    ["ana@contoso.example", "oauth"],
  ]);
});
