/** A token as a mail client shows it to each server. */
import { rfc3339 } from "../lib/clock.ts";
import type { MailToken } from "../mail/login.ts";
import { oauthbearer, xoauth2 } from "../mail/sasl.ts";
import type { MailServer } from "../mail/servers.ts";

/** `imap` and `smtp`, each `{host, port, security, username, mechanism, sasl, oauthbearer, expires_at}`; null where the grant does not open it, or no server is known. */
export function loginsOf({ servers, username, grant }: MailToken) {
  const login = (server: MailServer | undefined) =>
    server
      ? {
          ...server,
          username,
          mechanism: "XOAUTH2",
          sasl: xoauth2(username, grant.accessToken),
          oauthbearer: oauthbearer({ user: username, ...server, accessToken: grant.accessToken }),
          expires_at: grant.expiresAt === null ? null : rfc3339(grant.expiresAt),
        }
      : null;
  return { imap: login(servers.imap), smtp: login(servers.smtp) };
}
