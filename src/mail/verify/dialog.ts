/** What both protocols' dialogs share: what they are given, and how a refusal becomes a failure. */
import type { MailServer } from "../servers.ts";
import { oauthbearer, xoauth2 } from "../sasl.ts";
import { LoginFailure, type VerifyCause } from "./causes.ts";
import type { MailConnection } from "./connection.ts";
import type { MailLogin } from "./login.ts";
import { loginRefusal, passingRefusal, type Refusal } from "./refusals.ts";
import { isForAnotherResource } from "./token.ts";

/** One login: the connection, who is at its end, and who comes. */
export interface Dialog {
  readonly connection: MailConnection;
  readonly server: MailServer;
  readonly login: MailLogin;
}

/** A way to show an access token. */
export interface BearerMechanism {
  readonly name: "XOAUTH2" | "OAUTHBEARER";
  /** The initial response, base64. */
  readonly response: string;
  /** What a server's error challenge is answered with: only then it says its refusal. */
  readonly afterChallenge: string;
}

/** The mechanism for an access token that a server offers. Throws `mechanism_missing` where it offers none. */
export function bearerMechanism(
  { server, login }: Dialog,
  accessToken: string,
  offers: (name: string) => boolean,
): BearerMechanism {
  const user = login.username;
  if (offers("XOAUTH2")) return { name: "XOAUTH2", response: xoauth2(user, accessToken), afterChallenge: "" };
  if (!offers("OAUTHBEARER")) throw new LoginFailure("mechanism_missing");
  const { host, port } = server;
  // RFC 7628 section 3.2.3: one separator, in base64.
  return { name: "OAUTHBEARER", response: oauthbearer({ user, host, port, accessToken }), afterChallenge: "AQ==" };
}

/** The failure of a login that was refused. */
export function refusedLogin({ server, login }: Dialog, refusal: Refusal): LoginFailure {
  const said = refusal.text;
  const row = loginRefusal(refusal);
  const { secret } = login;
  if (secret.kind === "password") return new LoginFailure(row?.cause ?? "wrong_password", { said, mend: row?.mend });
  // Words that mean a password stand in a refusal of a token, too.
  if (row && row.cause !== "wrong_password") return new LoginFailure(row.cause, { said, mend: row.mend });
  const isOther = isForAnotherResource(secret.accessToken, server.host);
  return new LoginFailure(isOther ? "token_wrong_resource" : "token_refused", { said });
}

/** The failure of a step at which a server refuses what it should not: it passes, or it is `otherwise`. */
export function refusedStep(said: string, otherwise: VerifyCause): LoginFailure {
  return new LoginFailure(passingRefusal(said)?.cause ?? otherwise, { said });
}

/** An error challenge, decoded: it may be no base64 at all. */
export function decodeChallenge(text: string): string {
  try {
    return atob(text.trim());
  } catch {
    return text;
  }
}
