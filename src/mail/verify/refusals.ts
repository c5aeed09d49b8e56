/** From a server's words to one cause. The first row that fits decides; a code counts for more than words where both fit. No I/O. */
import type { Mender } from "../../lib/errors.ts";
import type { VerifyCause } from "./causes.ts";

/** One refusal, as the server put it. */
export interface Refusal {
  /** The line, its lines joined: reply code and enhanced status code, or the response code in brackets, then words. */
  readonly text: string;
  /** What a SASL mechanism said by its error challenge, decoded. */
  readonly challenge?: string | undefined;
}

interface Row {
  readonly pattern: RegExp;
  readonly cause: VerifyCause;
  readonly mend?: Mender;
}

/** What a server says whatever it was asked. */
const ANYWHERE: readonly Row[] = [
  // Exchange Online and Dovecot count connections per user; both begin with the code of a passing trouble.
  {
    pattern: /too many .{0,30}(?:connections|sessions)|(?:connections?|sessions?) limit exceeded/i,
    cause: "too_many_connections",
  },
  { pattern: /maximum number of connections|\[LIMIT\]|^421[ -]4\.7\.28\b/i, cause: "too_many_connections" },
  {
    pattern: /^4\d\d\b|\[(?:UNAVAILABLE|INUSE|SERVERBUG)\]|gr[ae]y-?list|try again later/i,
    cause: "temporarily_refused",
  },
];

/** What Exchange and Google say to a login, by their own words: one code (5.7.139) stands for many reasons. */
const LOGIN: readonly Row[] = [
  { pattern: /SmtpClientAuthentication is disabled/i, cause: "smtp_auth_disabled" },
  {
    pattern: /basic auth(?:entication)? is (?:disabled|blocked|not (?:allowed|supported))/i,
    cause: "basic_auth_blocked",
  },
  // Google: the owner of the account switches IMAP on.
  { pattern: /not enabled for IMAP/i, cause: "imap_disabled", mend: "user" },
  {
    pattern: /IMAP(?:4)? (?:access )?(?:is|has been) (?:disabled|switched off|not enabled)|protocol disabled/i,
    cause: "imap_disabled",
  },
  { pattern: /credentials (?:were|are) incorrect/i, cause: "wrong_password" },
  {
    pattern:
      /security defaults|conditional access|did not meet the criteria|(?:blocked|denied|restricted|locked) by .{0,40}polic/i,
    cause: "conditional_access",
  },
  {
    pattern: /^534[ -]5\.7\.9\b|application-specific password|\bapp(?:lication)? password/i,
    cause: "app_password_needed",
  },
  { pattern: /^534[ -]5\.7\.14\b|web browser|\[WEBALERT\]/i, cause: "web_login_needed" },
  { pattern: /(?:account|user) (?:is |has been )?(?:locked|disabled|suspended)/i, cause: "account_disabled" },
  // Exchange lets a token in and has no mailbox for it: the usual answer to a shared mailbox without permission.
  { pattern: /authenticated but not connected|\[(?:NOPERM|AUTHORIZATIONFAILED)\]/i, cause: "mailbox_not_permitted" },
  {
    pattern:
      /\[NONEXISTENT\]|no such (?:user|mailbox)|mailbox (?:not found|(?:does not|doesn't) exist)|^5\d\d[ -]5\.1\.1\b/i,
    cause: "mailbox_not_found",
  },
  {
    pattern: /^50[24]\b|unrecognized authentication type|unsupported (?:authentication )?mechanism/i,
    cause: "mechanism_missing",
  },
];

/** What a greeting can say beside: the server is there and turns us away. */
const GREETING: readonly Row[] = [{ pattern: /^5\d\d\b|^\* BYE\b/i, cause: "client_blocked" }];

/** The cause of a refused greeting, or of a server that ends the connection by itself. */
export function greetingRefusal(text: string): Row | undefined {
  return [...ANYWHERE, ...GREETING].find(({ pattern }) => pattern.test(text));
}

/** The cause of a refusal that says so itself, at any step; undefined where it does not. */
export function passingRefusal(text: string): Row | undefined {
  return ANYWHERE.find(({ pattern }) => pattern.test(text));
}

/** The cause of a refused login, where the server's words tell; undefined: the secret was refused, and no more is known. */
export function loginRefusal({ text, challenge }: Refusal): Row | undefined {
  const row = [...ANYWHERE, ...LOGIN].find(({ pattern }) => pattern.test(text));
  if (row) return row;
  // RFC 7628 section 3.2.2: the challenge's status is RFC 6750's error code.
  return challenge?.includes("insufficient_scope") ? { pattern: /(?:)/, cause: "scope_missing" } : undefined;
}
