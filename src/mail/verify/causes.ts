/** Why a login at a mail server failed, and who mends it. No I/O. */
import type { Mender } from "../../lib/errors.ts";

/** Every cause: who mends it, and safe words for people. */
export const CAUSES = {
  server_not_allowed: ["caller", "Only mail ports of public hosts may be talked to."],
  dns_failed: ["user", "There is no host of this name."],
  connection_refused: ["user", "Nothing listens at this host and port, or it turns us away."],
  unreachable: ["user", "There is no such host, or nothing listens at this port."],
  connection_timeout: ["nobody", "The host did not take the connection in time."],
  connection_lost: ["nobody", "The server ended the connection."],
  tls_failed: [
    "admin",
    "TLS could not be set up: the certificate is not valid for this host, or the server's TLS is too old.",
  ],
  not_tls: ["user", "The server begins without TLS on this port: it wants STARTTLS."],
  tls_expected: ["user", "The server wants TLS from the beginning on this port, not STARTTLS."],
  starttls_missing: ["admin", "The server does not offer STARTTLS, and nothing is sent without TLS."],
  data_before_tls: ["admin", "Something was sent between STARTTLS and TLS, which nobody vouches for."],
  not_a_mail_server: ["user", "What answers at this host and port is no server of this protocol."],
  temporarily_refused: ["nobody", "The server refuses for the time being."],
  too_many_connections: ["nobody", "Too many connections to this mailbox are open, or were opened too fast."],
  client_blocked: ["admin", "The server does not talk to the network that we come from."],
  answer_timeout: ["nobody", "The server did not answer in time."],
  answer_too_long: ["admin", "The server answered more than can be an answer."],
  protocol_error: ["admin", "The server gave an answer that the protocol does not know."],
  mechanism_missing: [
    "admin",
    "The server offers no way to log in that fits: see whether it takes OAuth, or passwords.",
  ],
  wrong_password: ["user", "The user name or the password is wrong."],
  app_password_needed: ["user", "This account wants an application password, or sign-in by OAuth."],
  web_login_needed: ["user", "The provider wants its user to sign in with a browser first."],
  basic_auth_blocked: ["user", "This server takes no passwords any more: connect the mailbox by signing in."],
  token_refused: ["user", "The access token was refused: expired, revoked, or another account's."],
  token_wrong_resource: ["operator", "The access token is for another resource than this mail server."],
  scope_missing: ["user", "The grant does not cover this: consent is missing."],
  smtp_auth_disabled: [
    "admin",
    "SMTP AUTH is switched off for the tenant or the mailbox. An Exchange administrator switches it on; consent changes nothing.",
  ],
  imap_disabled: ["admin", "IMAP is switched off for this mailbox."],
  conditional_access: [
    "admin",
    "A policy of the organisation (Conditional Access, security defaults) forbids this login.",
  ],
  account_disabled: ["admin", "The account is locked or disabled."],
  mailbox_not_found: ["user", "There is no such mailbox."],
  mailbox_not_permitted: ["admin", "The login is good, but this account may not open the mailbox."],
} as const satisfies Record<string, readonly [Mender, string]>;

/** A key of {@link CAUSES}. */
export type VerifyCause = keyof typeof CAUSES;

/** What a login ends with where it fails. Thrown within src/mail/verify alone. */
export class LoginFailure extends Error {
  override readonly name = "LoginFailure";
  readonly verdict: VerifyCause;
  readonly mend: Mender;
  /** What the server said, as it came: whoever passes it on has to clean it. */
  readonly said: string | undefined;

  constructor(verdict: VerifyCause, more: { said?: string | undefined; mend?: Mender | undefined } = {}) {
    const [mend, detail] = CAUSES[verdict];
    super(detail);
    this.verdict = verdict;
    this.mend = more.mend ?? mend;
    this.said = more.said;
  }
}
