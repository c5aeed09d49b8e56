/** Tokens and passwords that the servers of these tests know, by introspection of our own. */
import { type IntrospectedToken, serveTokens } from "./introspection.ts";
import { type MailServersOptions, type MailServersRunning, startMailServers } from "./start.ts";

const OUTLOOK = "https://outlook.office.com";
const SCOPE = `${OUTLOOK}/IMAP.AccessAsUser.All ${OUTLOOK}/SMTP.Send`;

/** Whose mailbox it is. */
export const ANA = "ana@contoso.example";
/** A mailbox that she may open, and one that she may not. */
export const SHARED = "team@contoso.example";
/** See {@link SHARED}. */
export const OTHER = "ben@contoso.example";
/** Hers. */
export const PASSWORD = 'blue "quoted" \\ żółw';

/** A token of Microsoft's shape and length, signed by nobody. */
function jwt(aud: string, name: string): string {
  const encode = (of: object) => Buffer.from(JSON.stringify(of)).toString("base64url");
  return `${encode({ alg: "none" })}.${encode({ aud, name, padding: "x".repeat(1500) })}.c2ln`;
}

/** Access tokens by what is the matter with them. */
export const TOKENS = {
  good: jwt(OUTLOOK, "good"),
  google: "ya29.opaque",
  expired: jwt(OUTLOOK, "expired"),
  forGraph: jwt("https://graph.microsoft.com", "graph"),
  withoutImap: jwt(OUTLOOK, "no imap"),
  withoutSmtp: jwt(OUTLOOK, "no smtp"),
  blocked: jwt(OUTLOOK, "blocked"),
  broken: jwt(OUTLOOK, "broken"),
} as const;

const good: IntrospectedToken = {
  active: true,
  aud: OUTLOOK,
  scope: SCOPE,
  username: ANA,
  mailbox: { shared: [SHARED] },
};
const KNOWN: Readonly<Record<string, IntrospectedToken>> = {
  [TOKENS.good]: good,
  [TOKENS.google]: { active: true, aud: "client", scope: "openid https://mail.google.com/", username: ANA },
  [TOKENS.forGraph]: { ...good, aud: "https://graph.microsoft.com", scope: "https://graph.microsoft.com/Mail.Send" },
  [TOKENS.withoutImap]: { ...good, mailbox: { imap_enabled: false } },
  [TOKENS.withoutSmtp]: { ...good, mailbox: { smtp_auth_enabled: false } },
  [TOKENS.blocked]: { ...good, mailbox: { conditional_access: "block" } },
};

/** Starts the servers with an introspection endpoint of our own. */
export async function startKnownServers(options: Pick<MailServersOptions, "style"> = {}): Promise<MailServersRunning> {
  const asked = { id: "mail", secret: "mail-secret" };
  const introspection = await serveTokens((token, { headers }) => {
    if (headers.authorization !== `Basic ${btoa(`${asked.id}:${asked.secret}`)}`) throw new Error("not who may ask");
    if (token === TOKENS.broken) throw new Error("broken");
    return KNOWN[token] ?? { active: false };
  });
  const introspectionUrl = introspection.url;
  const passwords = { [ANA]: PASSWORD };
  const servers = await startMailServers({ ...options, introspectionUrl, introspectionClient: asked, passwords });
  return {
    ...servers,
    async stop() {
      await servers.stop();
      await introspection.stop();
    },
  };
}
